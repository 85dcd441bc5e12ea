# SPDX-License-Identifier: BSD-2-Clause
# Builds x86_64-twizzler-run for the build host, into the toolchain beside the compiler.

install(program("x86_64-twizzler-run", glob("*.c"), tool="host"), "bin/x86_64-twizzler-run")
