# SPDX-License-Identifier: BSD-2-Clause
"""The system call fuzzer, and an image that starts it."""

FLAGS = ["-I//libtwz/include", "-fno-pic", "-fno-pie", "-fno-stack-protector", "-fno-strict-aliasing", "-mgeneral-regs-only"]
mkimage = use("libtwz", "mkimage")
code = objects("objects-fuzz", glob("*.c", "*.S") + ["../kernel/describe.c", "../kernel/print.c"], tool="freestanding", flags=FLAGS)
program = link("fuzz", code, tool="freestanding", flags=["-static", "-no-pie"], libs=[f"{BUILD}/libtwz/libtwz.a"])
manifest = write_file("fuzz.manifest", f"file /bin/init 0755 {program}\nfile /readme 0644 tests/fuzz/README.md\n")
image = generate("fuzz.img", f"{mkimage} -o $out --init /bin/init --manifest $in", [manifest], needs=[mkimage, program])
default(image)
alias("fuzz", [image])
