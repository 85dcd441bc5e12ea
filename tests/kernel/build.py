# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's test programs, and images that start them."""

FLAGS = ["-I//libtwz/include", "-fno-pic", "-fno-pie", "-fno-stack-protector", "-fno-strict-aliasing"]
mkimage = use("libtwz", "mkimage")
handlerc = f"{BUILD}/toolchain/bin/x86_64-twizzler-handlerc"
images = []


def boots(name, sources, files=()):
    code = objects(f"objects-{name}", sources, tool="freestanding", flags=FLAGS)
    program = link(name, code, tool="freestanding", flags=["-static", "-no-pie"],
                   libs=[f"{BUILD}/libtwz/libtwz.a"])
    lines = "".join(f"file /{path.split('/')[-1]} 0644 {path}\n" for path in files)
    manifest = write_file(f"{name}.manifest", f"file /bin/init 0755 {program}\n"
                          "file /readme 0644 tests/kernel/README.md\n" + lines)
    images.append(generate(f"{name}.img", f"{mkimage} -o $out --init /bin/init --manifest $in",
                           [manifest], needs=[mkimage, program, *files]))


def handler(name, *flags):
    return generate(name, f"{handlerc} {' '.join(flags)} $in -o $out", ["//tests/handlers/counted.c"], needs=[handlerc])


boots("calls", glob("*.c", "*.S", exclude=["panic.c", "races.c"]), [handler("counted.twh"), handler("counted2.twh", '-DVERSION=\\"2.0\\"')])
boots("panic", ["panic.c"])
boots("races", ["races.c", "main.c", "support.c", "print.c", "start.S"])
default(*images)
alias("kernel-tests", images)
