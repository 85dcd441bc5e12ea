# SPDX-License-Identifier: BSD-2-Clause
"""Programs that test the kernel's memory: each is the first program of its own boot."""

FLAGS = ["-I//libtwz/include", "-I//tests/kernel", "-fno-pic", "-fno-pie", "-fno-stack-protector"]
mkimage = use("libtwz", "mkimage")
SHARED = ["//tests/kernel/support.c", "//tests/kernel/print.c", "//tests/kernel/start.S"]
images = []


def boots(name, sources):
    code = objects(f"objects-{name}", sources + SHARED, tool="freestanding", flags=FLAGS)
    program = link(name, code, tool="freestanding", flags=["-static", "-no-pie"],
                   libs=[f"{BUILD}/libtwz/libtwz.a"])
    manifest = write_file(f"{name}.manifest", f"file /bin/init 0755 {program}\n"
                          "file /readme 0644 tests/memory/README.md\n")
    images.append(generate(f"{name}.img", f"{mkimage} -o $out --init /bin/init --manifest $in",
                           [manifest], needs=[mkimage, program]))


boots("memory", ["//tests/kernel/main.c", "copies.c", "ties.c", "protect.c", "pressure.c"])
boots("large", ["//tests/kernel/main.c", "large.c", "unmap.c", "usual.c"])
boots("fail", ["fail.c"])
boots("soak", ["soak.c"])
boots("size", ["size.c"])
boots("cost", ["cost.c"])
default(*images)
alias("memory-tests", images)
