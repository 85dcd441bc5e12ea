# SPDX-License-Identifier: BSD-2-Clause
# Builds init: static, on the minimal runtime alone.

libs = [use("runtime-min", "library"), use("libtwz", "library")]
parts = objects("parts", glob("*.c", "*.S"), tool="freestanding", flags=["-I//libtwz/include", "-fno-pie"])
image_file("/bin/init", link("init", parts, tool="freestanding", flags=["-static", "-no-pie"], libs=libs + ["-lgcc"]))
