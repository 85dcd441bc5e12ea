# SPDX-License-Identifier: BSD-2-Clause
"""x86_64-twizzler-handlerc: compiles one C file of event functions into a handler image (.twh)."""

import os
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)

import abi as abi_module  # noqa: E402
import calls  # noqa: E402
import image  # noqa: E402
import manifest  # noqa: E402
from elf import Elf  # noqa: E402
from problem import Fatal, Problems  # noqa: E402

NAME = "x86_64-twizzler-handlerc"
USAGE = f"""usage: {NAME} [-o OUT.twh] [-O LEVEL] [-I DIR] [-D MACRO] [-U MACRO] [-W WARNING] [-std=STD] FILE.c
Compiles FILE.c into a handler image. The default output is FILE.twh in the current directory.
TWZ_HANDLERC_CC overrides the compiler, TWZ_HANDLERC_LIB the directory of libtwz_handler.a."""

# Calls keep their names (no printf -> puts), sections show what reaches what, nothing needs a loader.
COMPILE = ["-c", "-g", "-fPIE", "-fno-stack-protector", "-ffunction-sections", "-fdata-sections",
           "-fno-common", "-fno-asynchronous-unwind-tables", "-mno-red-zone", "-fno-builtin-printf",
           "-fno-builtin-fprintf", "-fno-builtin-puts", "-fno-builtin-putchar",
           "-Werror=implicit-function-declaration", "-fno-ident"]
LINK = ["-nostdlib", "-nostartfiles", "-static", "-no-pie", "-Wl,--gc-sections", "-Wl,--build-id=none",
        "-Wl,-z,noexecstack", "-Wl,-z,max-page-size=4096", "-Wl,-z,norelro", "-Wl,--no-warn-rwx-segments"]


def parse(arguments):
    """(source, output or None, compiler options)"""
    source, output, options = None, None, []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in ("-h", "--help"):
            print(USAGE)
            sys.exit(0)
        if word in ("-o", "-I", "-D", "-U", "-include", "-isystem"):
            if not rest:
                raise Fatal(f"{NAME}: {word} needs an argument")
            value = rest.pop(0)
            if word == "-o":
                output = value
            else:
                options += [word, value]
        elif word.startswith(("-O", "-I", "-D", "-U", "-W", "-std=")) and not word.startswith(("-Wl", "-Wa", "-Wp")):
            options.append(word)
        elif word.startswith("-"):
            raise Fatal(f"{NAME}: unknown option '{word}'; try --help")
        elif source:
            raise Fatal(f"{NAME}: a handler is one C file, and both '{source}' and '{word}' were given")
        else:
            source = word
    if not source:
        raise Fatal(USAGE)
    extension = os.path.splitext(source)[1]
    if extension in (".cc", ".cpp", ".cxx", ".C", ".c++"):
        raise Fatal(f"{source}: error: handlers are written in C; rename the file to .c")
    if extension != ".c":
        raise Fatal(f"{source}: error: not a C file; its name must end in .c")
    if not os.path.isfile(source):
        raise Fatal(f"{source}: error: no such file")
    return source, output, options


class Toolchain:
    def __init__(self):
        prefix = os.path.join(HERE, "..", "..", "..", "bin", "x86_64-twizzler-gcc")
        override = os.environ.get("TWZ_HANDLERC_CC")
        if override:
            self.compiler = shlex.split(override)
        elif os.access(prefix, os.X_OK):
            self.compiler = [os.path.realpath(prefix)]
        else:
            self.compiler = ["x86_64-twizzler-gcc"]
        self.library = os.environ.get("TWZ_HANDLERC_LIB", HERE)

    def tool(self, name):
        """The binutils program that goes with the compiler."""
        compiler = self.compiler[0]
        return compiler[:-3] + name if compiler.endswith("-gcc") else name

    def run(self, arguments):
        try:
            return subprocess.run(self.compiler + arguments, capture_output=True, text=True)
        except OSError as e:
            raise Fatal(f"{NAME}: cannot run {self.compiler[0]}: {e.strerror}; run ./build.sh bootstrap") from e


def compile_source(toolchain, source, options, target):
    """Compiles; warnings go to the user, errors end."""
    if not any(o.startswith("-O") for o in options):
        options = ["-O2"] + options
    run = toolchain.run(COMPILE + options + ["-o", target, source])
    if run.returncode and "redefinition of 'twz_handler_declaration'" in run.stderr.replace("‘", "'").replace("’", "'"):
        sys.stderr.write(run.stderr)
        raise Fatal(f"{source}: error: TWZ_HANDLER may stand only once in a file")
    sys.stderr.write(run.stderr)
    if run.returncode:
        sys.exit(1)


def check_object(obj, places, rules, problems):
    """What the object file alone can show to be wrong."""
    if "twz_handler_declaration" not in obj.by_name:
        problems.add("no TWZ_HANDLER; declare TWZ_HANDLER(\"name\", .version = \"1.0\")")
    if "main" in obj.by_name:
        problems.add("main() in a handler; its entry points are the functions of TWZ_ON_TIMER, TWZ_ON_EVENT and TWZ_ON_BOOT",
                     places.symbol("main"))
    calls.check_sections(obj, places, problems)
    if obj.section(".twz.events"):
        calls.check_calls(obj, places, rules, problems)
    else:
        problems.add("no event; declare TWZ_ON_TIMER, TWZ_ON_EVENT or TWZ_ON_BOOT")


def link(toolchain, object_path, target, problems):
    run = toolchain.run(LINK + ["-Wl,-T," + os.path.join(HERE, "handler.ld"), "-o", target, object_path,
                                os.path.join(toolchain.library, "libtwz_handler.a"), "-lc", "-lgcc"])
    if run.returncode:
        lines = [line for line in run.stderr.splitlines() if "error" in line or "undefined" in line]
        problems.add("cannot be linked: " + (lines or run.stderr.splitlines() or ["the linker failed"])[0])


def check_memory(elf, abi, handler, places, problems):
    _, size = image.slot_contents(elf, abi["TWZ_HANDLER_DATA"], abi["TWZ_SLOT_SIZE"])
    needed = image.page_up(size) + abi["TWZ_HANDLER_RUN_MIN"]
    if needed > handler.memory_kb * 1024:
        problems.add(f"globals of {size} bytes and {abi['TWZ_HANDLER_RUN_MIN'] // 1024} KiB for a run exceed .memory_kb = "
                     f"{handler.memory_kb}; give at least {(needed + 1023) // 1024}",
                     places.symbol("twz_handler_declaration"))
    if elf.section(".tdata") or elf.section(".tbss"):
        problems.add("a function of libstd-c that it calls needs thread-local storage")


def stop_if_wrong(problems):
    if problems.found:
        problems.report(sys.stderr)
        sys.exit(1)


def main(arguments):
    source, output, options = parse(arguments)
    output = output or os.path.splitext(os.path.basename(source))[0] + ".twh"
    toolchain = Toolchain()
    problems = Problems(source)
    with tempfile.TemporaryDirectory(prefix="handlerc-") as work:
        object_path, linked_path = os.path.join(work, "handler.o"), os.path.join(work, "handler.elf")
        compile_source(toolchain, source, options, object_path)
        abi = abi_module.read(toolchain.compiler)
        obj = Elf(object_path)
        places = calls.Places(object_path, source, toolchain.tool("nm"), toolchain.tool("addr2line"))
        check_object(obj, places, calls.Rules(HERE), problems)
        stop_if_wrong(problems)
        link(toolchain, object_path, linked_path, problems)
        stop_if_wrong(problems)
        elf = Elf(linked_path)
        reader = manifest.Reader(elf, places, abi, problems)
        handler, events, outputs = reader.handler(), reader.events(), reader.outputs()
        manifest.check_uses(obj, places, outputs, problems)
        check_memory(elf, abi, handler, places, problems)
        stop_if_wrong(problems)
        image.publish(output, image.build(elf, abi, handler, events, outputs))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Fatal as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"{NAME}: {error.filename or ''}: {error.strerror}", file=sys.stderr)
        sys.exit(1)
