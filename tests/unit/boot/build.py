# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of what the kernel reads at boot. Its <string.h> is the host's here.

flags = ["-iquote", "kernel/boot", "-idirafter", "kernel/include", "-I//tests/unit"]
unit_test("boot-multiboot", ["multiboot_test.c", "//kernel/boot/multiboot.c"], flags=flags)
unit_test("boot-ranges", ["ranges_test.c", "//kernel/boot/ranges.c"], flags=flags)
