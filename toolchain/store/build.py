# SPDX-License-Identifier: BSD-2-Clause
# Builds twzstore for the build host from the kernel's store code, into the toolchain beside the compiler.

code = glob("*.c") + glob("*.c", root="//kernel/store", exclude=["kernel_*.c"]) + glob(
    "layout/directory*.c", "layout/intent.c", "layout/persist.c", "layout/id.c", "layout/commit.c", root="//libtwz")
install(program("twzstore", code, tool="host", flags=["-I//kernel/store", "-I//libtwz/include"]), "bin/twzstore")
