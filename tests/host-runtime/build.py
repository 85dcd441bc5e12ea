# SPDX-License-Identifier: BSD-2-Clause
"""libstd-c's test programs, linked with the Runtime ABI over Linux, so that they run on the build host."""

runtime = archive("libtwz_rt_min.a", objects("runtime", glob("*.c"), tool="freestanding",
                                             flags=["-fno-stack-protector"]))
nothing = archive("libtwz.a", [])

# Those that tell by their exit code alone; the others' output is looked at in the OS.
for name in ["stdio", "malloc", "pthread", "posix", "signal", "spawn", "fork"]:
    unit_test(f"libstd-c-{name}", [f"//tests/programs/{name}.c"], tool="target",
              ldflags=["-static", f"-L{OUT}"], needs=[runtime, nothing])
