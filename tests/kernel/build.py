# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's test programs, and images that start them."""

FLAGS = ["-I//libtwz/include", "-fno-pic", "-fno-pie", "-fno-stack-protector"]
mkimage = use("libtwz", "mkimage")
images = []


def boots(name, sources):
    code = objects(f"objects-{name}", sources, tool="freestanding", flags=FLAGS)
    program = link(name, code, tool="freestanding", flags=["-static", "-no-pie"],
                   libs=[f"{BUILD}/libtwz/libtwz.a"])
    manifest = write_file(f"{name}.manifest", f"file /bin/init 0755 {program}\n"
                          "file /readme 0644 tests/kernel/README.md\n")
    images.append(generate(f"{name}.img", f"{mkimage} -o $out --init /bin/init --manifest $in",
                           [manifest], needs=[mkimage, program]))


boots("calls", glob("*.c", "*.S", exclude=["panic.c"]))
boots("panic", ["panic.c"])
default(*images)
alias("kernel-tests", images)
