#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write build/build.ninja and build/compile_commands.json from the build.py of each folder.

Every folder of ours says what it builds in FOLDER/build.py, Python that calls the functions below; toolchain/README.md
describes them. All paths in the Ninja file are relative to the root of the tree, where Ninja runs.
"""

import fnmatch
import json
import os
import shlex
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = "build"
TOOLCHAIN = BUILD + "/toolchain"
SYSROOT = TOOLCHAIN + "/x86_64-twizzler"
STAMP = TOOLCHAIN + "/.stamp"
MUSL = BUILD + "/musl"
PREFIX = TOOLCHAIN + "/bin/x86_64-twizzler-"

STANDARD = ["-std=gnu17", "-O2", "-g", "-Wall", "-Wextra", "-Werror"]
STANDARD_CXX = ["-std=gnu++20", "-O2", "-g", "-Wall", "-Wextra", "-Werror"]

# Outputs name no directory of the build host: two checkouts make the same bytes. The shell fills in where it stands, so that
# the command is the same everywhere too.
ANYWHERE = ["-ffile-prefix-map=$PWD=."]

# A tool is a compiler with the flags it always gets and what its objects and links wait for.
TOOLS = {
    # A program of the OS: the cross compiler with all of the installed headers and libraries.
    "target": dict(cc=PREFIX + "gcc", cxx=PREFIX + "g++", ar=PREFIX + "ar", flags=[], ldflags=[], anywhere=ANYWHERE,
                   headers=[STAMP, "sysroot-headers"], libs=[STAMP, "sysroot-libs"]),
    # A part below libstd-c: the ABI headers of the tree and the compiler's own, nothing else.
    "freestanding": dict(cc=PREFIX + "gcc", cxx=PREFIX + "g++", ar=PREFIX + "ar",
                         flags=["-ffreestanding", "-nostdinc", "-isystem",
                                TOOLCHAIN + "/lib/gcc/x86_64-twizzler/14.2.0/include", "-Isysroot/include"],
                         ldflags=["-nostdlib"], anywhere=ANYWHERE, headers=[STAMP], libs=[STAMP]),
    # A program of the build host.
    "host": dict(cc="gcc", cxx="g++", ar="ar", flags=["-Isysroot/include"], ldflags=[], headers=[], libs=[]),
    # The same under the sanitizers: unit tests.
    "sanitized": dict(cc="gcc", cxx="g++", ar="ar",
                      flags=["-Isysroot/include", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
                             "-fno-omit-frame-pointer"],
                      ldflags=["-fsanitize=address,undefined"], headers=[], libs=[]),
    # The same by clang, for libFuzzer: made only when asked for, since a host may have no clang.
    "fuzzed": dict(cc="clang", cxx="clang++", ar="ar",
                   flags=["-Isysroot/include", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all", "-mcx16",
                          "-fno-omit-frame-pointer"],
                   ldflags=["-fsanitize=fuzzer,address,undefined"], headers=[], libs=[]),
}

RULES = """\
ninja_required_version = 1.8
builddir = build

rule cc
  command = $cc $cflags -MD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
  description = CC $out
rule ar
  command = rm -f $out && $ar rcs $out @$out.rsp
  rspfile = $out.rsp
  rspfile_content = $in
  description = AR $out
rule link
  command = $cc $ldflags -o $out @$out.rsp $libs
  rspfile = $out.rsp
  rspfile_content = $in
  description = LINK $out
rule relocatable
  command = $ld -r $ldflags -o $out @$out.rsp$also
  rspfile = $out.rsp
  rspfile_content = $in
  description = LD -r $out
rule copy
  command = rm -f $out && cp -p $in $out && touch $out
  description = COPY $out
rule link_to
  command = ln -sfn $to $out
  description = LN $out
rule run
  command = $command
  description = GEN $out
  restat = 1
rule configure
  command = python3 toolchain/ninja.py
  description = CONFIGURE
  generator = 1
"""


class BuildError(Exception):
    pass


def fail(message):
    raise BuildError(message)


def escape(path):
    return path.replace("$", "$$").replace(" ", "$ ").replace(":", "$:")


class Graph:
    """Everything that the folders have declared."""

    def __init__(self):
        self.lines = []
        self.outputs = {}
        self.watched = set()  # files and directories that make the generator run again
        self.compile = []
        self.headers = []
        self.libs = []
        self.tests = []
        self.image = []
        self.image_link_lines = []
        self.links = set()
        self.aliases = {}
        self.defaults = []
        self.exports = {}
        self.loading = []
        self.loaded = set()

    def edge(self, rule, outputs, inputs=(), needs=(), order=(), **variables):
        outputs = [outputs] if isinstance(outputs, str) else list(outputs)
        for output in outputs:
            if output in self.outputs:
                fail(f"{output} is declared twice: by {self.outputs[output]} and {self.loading[-1]}")
            self.outputs[output] = self.loading[-1]
        line = f"build {' '.join(map(escape, outputs))}: {rule} {' '.join(map(escape, inputs))}"
        if needs:
            line += " | " + " ".join(map(escape, needs))
        if order:
            line += " || " + " ".join(map(escape, order))
        self.lines.append(line.rstrip())
        for key, value in variables.items():
            self.lines.append(f"  {key} = {value}")

    def load(self, folder):
        """Run FOLDER/build.py once, with the functions below as its globals."""
        if folder in self.loaded:
            return
        if folder in self.loading:
            fail("folders use each other in a circle: " + " -> ".join(self.loading + [folder]))
        path = f"{folder}/build.py"
        self.watched.add(path)
        self.loading.append(folder)
        with open(path) as file:
            code = compile(file.read(), path, "exec")
        exec(code, Folder(self, folder).names())
        self.loading.pop()
        self.loaded.add(folder)


class Folder:
    """The functions that a build.py sees. Paths are relative to its folder; '//x' is x from the root of the tree."""

    def __init__(self, graph, folder):
        self.graph = graph
        self.folder = folder

    def names(self):
        public = {name: getattr(self, name) for name in dir(self) if not name.startswith("_")}
        public.update(os=os, ROOT=ROOT, BUILD=BUILD, TOOLCHAIN=TOOLCHAIN, SYSROOT=SYSROOT, MUSL=MUSL, PREFIX=PREFIX,
                      FOLDER=self.folder, STANDARD=STANDARD, STANDARD_CXX=STANDARD_CXX, OUT=f"{BUILD}/{self.folder}")
        return public

    def _path(self, path):
        if path.startswith("//"):
            return path[2:]
        if path == BUILD or path.startswith(BUILD + "/") or os.path.isabs(path):
            return path
        return os.path.normpath(f"{self.folder}/{path}")

    def _paths(self, paths):
        return [self._path(path) for path in ([paths] if isinstance(paths, str) else paths)]

    def glob(self, *patterns, exclude=(), root=None):
        """The files that match, sorted; '**' crosses folders. A new or vanished file makes the generator run again."""
        base = self._path(root) if root else self.folder
        found = set()
        for directory, subdirectories, files in os.walk(base):
            subdirectories.sort()
            self.graph.watched.add(directory)
            for name in files:
                relative = os.path.relpath(f"{directory}/{name}", base)
                if any(_match(relative, p) for p in patterns) and not any(_match(relative, p) for p in exclude):
                    found.add(f"{directory}/{name}")
        if not any("*" in pattern for pattern in patterns) and not found:
            fail(f"{self.folder}/build.py: no file matches {patterns}")
        return ["//" + path if not path.startswith(BUILD + "/") else path for path in sorted(found)]

    def objects(self, name, sources, tool="target", flags=(), cflags=(), cxxflags=(), asflags=(), base=None, needs=()):
        """Compile SOURCES (.c, .cc, .cpp, .S, .s) into build/FOLDER/NAME/...; return the objects. FLAGS go to all, the others to their
        language; BASE replaces the standard flags; NEEDS are generated files that must be there first."""
        kit = _tool(tool)
        result = []
        needs = self._paths(needs)
        for source in self._paths(sources):
            stem = os.path.relpath(source, self.folder) if source.startswith(self.folder + "/") else source
            output = f"{BUILD}/{self.folder}/{name}/{stem.replace('../', '')}.o"
            kind = os.path.splitext(source)[1]
            if kind == ".c":
                language = (STANDARD if base is None else base) + list(cflags)
            elif kind in (".cc", ".cpp"):
                language = (STANDARD_CXX if base is None else base) + list(cxxflags)
            elif kind in (".S", ".s"):
                language = (["-g"] if base is None else base) + list(asflags)
            else:
                fail(f"{self.folder}/build.py: {source}: no compiler for '{kind}'")
            compiler = kit["cxx"] if kind in (".cc", ".cpp") else kit["cc"]
            words = " ".join([_quote(word) for word in language + kit["flags"] + self._flags(flags)] +
                             [f'"{word}"'.replace("$", "$$") for word in kit.get("anywhere", [])])
            self.graph.edge("cc", output, [source], needs=kit["headers"][:1], order=kit["headers"][1:] + needs,
                            cc=compiler, cflags=words)
            self.graph.compile.append(dict(directory=ROOT, file=source, output=output,
                                           command=f"{compiler} {words} -c {source} -o {output}".replace("$$", "$")))
            result.append(output)
        return result

    def _flags(self, flags):
        """Flags with '-I' paths taken relative to the folder."""
        return ["-I" + self._path(flag[2:]) if flag.startswith("-I") and len(flag) > 2 else flag for flag in flags]

    def archive(self, output, objects, tool="target"):
        """A static library from OBJECTS; a plain name goes to build/FOLDER/."""
        output = self._output(output)
        self.graph.edge("ar", output, self._paths(objects), ar=_tool(tool)["ar"])
        return output

    def link(self, output, objects, tool="target", flags=(), libs=(), needs=(), cxx=False):
        """A program or shared library by the compiler driver. LIBS come after the objects; NEEDS are files that FLAGS or LIBS name."""
        kit = _tool(tool)
        output = self._output(output)
        objects = self._paths(objects)
        libs = [self._path(lib) if not lib.startswith("-") else lib for lib in libs]
        needs = [lib for lib in libs if not lib.startswith("-")] + self._paths(needs) + kit["libs"]
        self.graph.edge("link", output, objects, needs=needs, cc=kit["cxx"] if cxx else kit["cc"],
                        ldflags=" ".join(map(_quote, kit["ldflags"] + self._flags(flags))), libs=" ".join(map(_quote, libs)))
        return output

    def relocatable(self, output, objects, flags=(), objcopy=()):
        """One relocatable object from OBJECTS (ld -r), then OBJCOPY's arguments applied to it."""
        output = self._output(output)
        also = f" && {PREFIX}objcopy {' '.join(map(_quote, objcopy))} {output}" if objcopy else ""
        self.graph.edge("relocatable", output, self._paths(objects), needs=[STAMP], ld=PREFIX + "ld",
                        ldflags=" ".join(map(_quote, flags)), also=also)
        return output

    def generate(self, outputs, command, inputs=(), needs=(), after=()):
        """Run COMMAND (a shell line, or a list of words) at the root of the tree to make OUTPUTS from INPUTS. In a list, '$in' and '$out'
        stand for them. A change of NEEDS runs it again; what is in AFTER only has to be there."""
        outputs = [self._output(o) for o in ([outputs] if isinstance(outputs, str) else outputs)]
        inputs = self._paths(inputs)
        if not isinstance(command, str):
            command = " ".join(word if word in ("$in", "$out") else _quote(word) for word in command)
        # In the graph a variable of a build line knows neither $in nor $out.
        command = command.replace("$in", " ".join(inputs)).replace("$out", " ".join(outputs))
        # What comes from the cache is as old as its stage: a change shows in the stamp, not in its time.
        stamp = [STAMP] if TOOLCHAIN + "/" in command else []
        self.graph.edge("run", outputs, inputs, needs=self._paths(needs) + stamp, order=after, command=command)
        return outputs if len(outputs) > 1 else outputs[0]

    def copy(self, output, source):
        """Copy SOURCE to OUTPUT."""
        output = self._output(output)
        self.graph.edge("copy", output, [self._path(source)])
        return output

    def symlink(self, output, to):
        """A symbolic link OUTPUT with the text TO, relative to its folder; what it leads to is built first."""
        output = self._output(output)
        self.graph.links.add(output)
        self.graph.edge("link_to", output, needs=[os.path.normpath(f"{os.path.dirname(output)}/{to}")], to=to)
        return output

    def install(self, source, place):
        """Put SOURCE into the toolchain: 'include/...' and 'lib/...' are below the sysroot, 'bin/...' and 'share/...' below the toolchain.
        Programs wait for what is in lib, objects for what is in include. A source that starts with '->' is a link's text."""
        top = place.split("/")[0]
        if top not in ("include", "lib", "bin", "share"):
            fail(f"{self.folder}/build.py: install to '{place}': not include/, lib/, bin/ or share/")
        output = f"{SYSROOT}/{place}" if top in ("include", "lib") else f"{TOOLCHAIN}/{place}"
        if source.startswith("->"):
            self.symlink(output, source[2:])
        else:
            self.graph.edge("copy", output, [self._path(source)], needs=[STAMP])
        {"include": self.graph.headers, "lib": self.graph.libs}.get(top, self.graph.defaults).append(output)
        return output

    def program(self, name, sources, tool="target", flags=(), ldflags=(), libs=(), needs=(), cxx=False, image=None):
        """Compile and link a program, build/FOLDER/NAME; IMAGE is its path in the initial image, if it goes there."""
        objects = self.objects(f"{name}.o", sources, tool=tool, flags=flags, needs=needs)
        output = self.link(name, objects, tool=tool, flags=ldflags, libs=libs, cxx=cxx)
        self.graph.defaults.append(output)
        if image:
            self.image_file(image, output)
        return output

    def unit_test(self, name, sources, flags=(), libs=(), needs=(), cxx=False, tool="sanitized", ldflags=()):
        """A program that runs on the build host, under ASan and UBSan unless TOOL is another: build/tests/unit/NAME, that './build.sh test' runs;
        exit 0 is a pass."""
        objects = self.objects(f"unit-{name}", sources, tool=tool, flags=flags, needs=needs)
        output = self.link(f"{BUILD}/tests/unit/{name}", objects, tool=tool, flags=ldflags, libs=libs, needs=needs, cxx=cxx)
        self.graph.tests.append(output)
        return output

    def image_file(self, place, source):
        """Have the initial image carry SOURCE at the absolute path PLACE."""
        if not place.startswith("/"):
            fail(f"{self.folder}/build.py: image_file('{place}'): not an absolute path")
        self.graph.image.append((place, self._path(source)))

    def image_link(self, place, to):
        """Have the initial image carry a symbolic link at the absolute path PLACE with the text TO."""
        self.graph.image_link_lines.append(f"link {place} {to}")

    def image_links(self):
        """The manifest's lines of the image's links; for the folder 'image', which is loaded last."""
        return sorted(self.graph.image_link_lines)

    def installed_libraries(self):
        """The shared libraries that all folders have installed, links left out; for the folder 'image'."""
        return [path for path in self.graph.libs if ".so" in path and path not in self.graph.links]

    def write_file(self, output, text):
        """Write a file now, unless it holds TEXT already; for lists that only the generator knows."""
        output = self._output(output)
        if not os.path.exists(output) or open(output).read() != text:
            write(output, text)
        return output

    def image_files(self):
        """All (place, source) of the image; for the folder 'image', which is loaded last."""
        return sorted(set(self.graph.image))

    def default(self, *outputs):
        """Have './build.sh build' make these."""
        self.graph.defaults += self._paths(outputs)

    def alias(self, name, outputs):
        """'./build.sh build NAME' makes OUTPUTS."""
        self.graph.aliases.setdefault(name, []).extend(self._paths(outputs))

    def export(self, name, value):
        """Let other folders use VALUE by NAME."""
        self.graph.exports[self.folder, name] = value

    def use(self, folder, name):
        """What FOLDER exports as NAME; loads FOLDER first. None when there is no such folder."""
        if not os.path.exists(f"{folder}/build.py"):
            return None
        self.graph.load(folder)
        if (folder, name) not in self.graph.exports:
            fail(f"{self.folder}/build.py: {folder} exports no '{name}'")
        return self.graph.exports[folder, name]

    def _output(self, output):
        if output.startswith("//"):
            return output[2:]
        return output if output.startswith(BUILD + "/") else f"{BUILD}/{self.folder}/{output}"


def _tool(name):
    if name not in TOOLS:
        fail(f"no tool '{name}'; there are {', '.join(TOOLS)}")
    return TOOLS[name]


def _quote(word):
    return shlex.quote(word).replace("$", "$$")


def _match(path, pattern):
    """Shell matching in which only '**' crosses a '/'."""
    if "**/" in pattern:
        head, tail = pattern.split("**/", 1)
        if not path.startswith(head):
            return False
        rest = path[len(head):].split("/")
        return any(_match("/".join(rest[i:]), tail) for i in range(len(rest)))
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def folders():
    """Every folder with a build.py, 'image' last."""
    found = []
    for directory, subdirectories, files in os.walk("."):
        subdirectories[:] = sorted(d for d in subdirectories if not d.startswith(".") and directory != "." or
                                   (directory == "." and not d.startswith(".") and d != BUILD))
        if "build.py" in files:
            found.append(os.path.relpath(directory, "."))
    return sorted(found, key=lambda folder: (folder == "image", folder))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".tmp", "w") as file:
        file.write(text)
    os.replace(path + ".tmp", path)


def main():
    os.chdir(ROOT)
    graph = Graph()
    graph.watched.add("toolchain/ninja.py")
    found = folders()
    graph.watched.update([".", *{os.path.dirname(folder) or "." for folder in found}])
    for name in os.listdir("."):
        if os.path.isdir(name) and not name.startswith(".") and name != BUILD:
            graph.watched.add(name)
    for folder in found:
        graph.load(folder)
    lines = [RULES]
    # By absolute path: an alias may have the name of a folder.
    watched = sorted(os.path.normpath(f"{ROOT}/{path}") for path in graph.watched)
    lines.append(f"build {BUILD}/build.ninja: configure | {' '.join(map(escape, watched))}")
    # Nothing makes them, so one that is gone only makes the generator run again.
    lines.append(f"build {' '.join(map(escape, watched))}: phony")
    lines += graph.lines
    lines.append(f"build sysroot-headers: phony {' '.join(map(escape, graph.headers))}")
    lines.append(f"build sysroot-libs: phony {' '.join(map(escape, graph.headers + graph.libs))}")
    lines.append(f"build unit-tests: phony {' '.join(map(escape, graph.tests))}")
    for name, outputs in graph.aliases.items():
        lines.append(f"build {name}: phony {' '.join(map(escape, outputs))}")
    lines.append(f"build all: phony sysroot-libs {' '.join(map(escape, sorted(set(graph.defaults))))}")
    lines.append("default all")
    write(f"{BUILD}/build.ninja", "\n".join(lines) + "\n")
    write(f"{BUILD}/compile_commands.json", json.dumps(graph.compile, indent=1))


if __name__ == "__main__":
    try:
        main()
    except BuildError as error:
        sys.exit(f"ninja.py: {error}")
