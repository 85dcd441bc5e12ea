# SPDX-License-Identifier: BSD-2-Clause
"""The kernel as a library, for programs linked with -unikernel."""

# What unikernel/ has its own of.
REPLACED = ("/boot/program.c.o", "/object/image.c.o", "/platform/bare/entry.S.o", "/device/", "/store/", "/handler/")

kernel = [name for name in use("kernel", "objects") if not any(part in name for part in REPLACED)]
own = objects("release", glob("*.c") + ["entry.S", "//kernel/device/stream.c"], tool="freestanding",
              flags=["-I../include"] + use("kernel", "flags")[1:])
# The program's link is not followed by a second one: its kernel knows no symbols.
symbols = generate("symbols.c", ["python3", "kernel/symbols.py", PREFIX + "nm", "-", "$out"], ["//kernel/symbols.py"])
own += objects("symbols", [symbols], tool="freestanding", flags=["-I../include"] + use("kernel", "flags")[1:])
whole = relocatable("unikernel.o", kernel + own,
                    objcopy=["--prefix-alloc-sections=.kernel", "--keep-global-symbol=pvh_entry", "--keep-global-symbol=multiboot_entry",
                             "--keep-global-symbol=kernel_gate"])
install(archive("libunikernel.a", [whole]), "lib/libunikernel.a")
install(archive("libtwz_unikernel.a", objects("gate", ["gate.S"], tool="freestanding")), "lib/libtwz_unikernel.a")
install("unikernel.ld", "lib/unikernel.ld")
# crt1.o with a mark on it.
crt1 = objects("crt", ["//libstd-c/crt/crt1.c", "note.S"], tool="freestanding", flags=use("libstd-c", "crt_flags"))
install(relocatable("crt1-unikernel.o", crt1), "lib/crt1-unikernel.o")
