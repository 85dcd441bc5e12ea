# SPDX-License-Identifier: BSD-2-Clause
"""The kernel: release and debug variants, each linked twice for its own symbol table."""

SOURCES = glob("*.c", "boot/*.c", "memory/*.c", "object/*.c", "view/*.c", "thread/*.c",
               "syscall/*.c", "lib/*.c", "lib/*.S", "platform/*.c", "platform/bare/*.c", "platform/bare/*.S",
               "platform/xen/*.c", "platform/xen/*.S",
               "device/*.c", "store/*.c", "handler/*.c") + glob("layout/*.c", root="//libtwz", exclude=["layout/heap.c", "layout/log.c", "layout/step.c"])

FLAGS = ["-Iinclude", "-I//libtwz/include", "-mcmodel=kernel", "-fno-pic", "-fno-pie", "-mgeneral-regs-only",
         "-fno-omit-frame-pointer", "-fno-stack-protector", "-fno-asynchronous-unwind-tables",
         "-fno-strict-aliasing", "-ffunction-sections", "-fdata-sections"]

# What the tracer copies and how the host prints it, from the one table of system calls.
ABI = "//sysroot/include/twizzler"
trace = generate("trace/trace.def", ["python3", "kernel/syscall/trace_table.py", ABI[2:], "$out"],
                 ["syscall/trace_table.py", *[f"{ABI}/{name}" for name in ["syscall.def", "syscall.h", "object.h", "types.h", "version.h"]]])
export("trace", trace)


def kernel(name, variant, flags):
    code = objects(variant, SOURCES, tool="freestanding", flags=FLAGS + [f"-I//{OUT}/trace"] + flags, needs=[f"//{trace}"])
    ld = ["-static", "-no-pie", "-T", "kernel/kernel.ld", "-Wl,-z,max-page-size=4096",
          "-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,--no-warn-rwx-segments", "-Wl,--gc-sections"]

    def linked(output, of):
        made = generate(f"{output}-symbols.c",
                        ["python3", "kernel/symbols.py", PREFIX + "nm", of or "-", "$out"],
                        ([of] if of else []) + ["symbols.py"])
        table = objects(f"{variant}/{output}", [made], tool="freestanding", flags=FLAGS)
        return link(output, code + table, tool="freestanding", flags=ld, libs=["-lgcc"], needs=["kernel.ld"])

    return linked(name, linked(f"{name}-first", None)), code


release, release_objects = kernel("kernel.elf", "release", [])
debug, debug_objects = kernel("kernel-debug.elf", "debug",
                              ["-DKERNEL_DEBUG", "-fsanitize=undefined",
                               "-fsanitize-undefined-trap-on-error"])

install(release, "share/twizzler/kernel.elf")
install(debug, "share/twizzler/kernel-debug.elf")
alias("kernel", [release, debug])
export("elf", release)
export("objects", release_objects)
export("flags", FLAGS)
