# SPDX-License-Identifier: BSD-2-Clause
# Builds x86_64-twizzler-run for the build host, into the toolchain beside the compiler.

trace = use("kernel", "trace")
install(program("x86_64-twizzler-run", glob("*.c"), tool="host", flags=[f"-I//{os.path.dirname(trace)}"], needs=[f"//{trace}"]),
        "bin/x86_64-twizzler-run")
