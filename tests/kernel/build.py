# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's test program, and an image that starts it."""

code = objects("objects", glob("*.c", "*.S"), tool="freestanding",
               flags=["-I//libtwz/include", "-fno-pic", "-fno-pie", "-fno-stack-protector"])
calls = link("calls", code, tool="freestanding", flags=["-static", "-no-pie"],
             libs=[f"{BUILD}/libtwz/libtwz.a"])
mkimage = use("libtwz", "mkimage")
manifest = write_file("manifest", f"file /bin/init 0755 {calls}\nfile /readme 0644 tests/kernel/README.md\n")
image = generate("calls.img", f"{mkimage} -o $out --init /bin/init --manifest $in", [manifest],
                 needs=[mkimage, calls])
default(image)
alias("kernel-tests", [image])
