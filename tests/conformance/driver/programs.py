# SPDX-License-Identifier: BSD-2-Clause
"""One test program: what it is made of, its objects (cached by content) and its executable."""

import dataclasses
import hashlib
import os
import re
import subprocess
import tempfile
import time

ROOT = os.path.abspath(f"{os.path.dirname(__file__)}/../../..")
TOOLS = f"{ROOT}/build/toolchain/bin"
CACHE = os.environ.get("TWZ_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "twizzler")
KEEP_DAYS = 14  # an object that no run has used for so long is removed
COMPILE_TIMEOUT = 600  # seconds; the machine may be busy


@dataclasses.dataclass
class Program:
    """A test of a suite. Without a reason in `unsupported` it is built from sources and run."""
    name: str
    sources: list = dataclasses.field(default_factory=list)  # absolute paths, the main one first
    flags: list = dataclasses.field(default_factory=list)  # for the compiler and, from -l, -L and -Wl on, the linker
    compiler: str = "gcc"
    objects: list = dataclasses.field(default_factory=list)  # ready objects and archives, linked behind its own
    arguments: list = dataclasses.field(default_factory=list)
    files: list = dataclasses.field(default_factory=list)  # copied beside it
    environment: list = dataclasses.field(default_factory=list)
    outputs: list = dataclasses.field(default_factory=list)  # regular expressions, in order, in what it prints
    judge: object = None  # instead of outputs: judge(text) is what is wrong with the output, or nothing
    before: list = dataclasses.field(default_factory=list)  # lists of arguments: runs of it that come first and have to exit with 0
    contents: dict = dataclasses.field(default_factory=dict)  # files made beside it, by name: their bytes
    scratch: bool = False  # in a boot, it works in /tmp (scratch.c)
    input: bytes = None  # its standard input
    excuse: str = None  # a regular expression: an exit code other than 0 with just this output passes
    shouldfail: bool = False  # it passes when it does not exit with 0
    xfail: bool = False  # the suite's authors expect it to fail
    timeout: int = 60
    debug: bool = False  # keep its debug information
    slow: bool = False  # no part of a fixed part
    unsupported: str = None


class BuildFailure(Exception):
    """The compiler or the linker said no; the text is what it said."""


def compiler_key():
    """What the objects depend on besides their source and flags: the stages of the toolchain that compile."""
    try:
        with open(f"{ROOT}/build/toolchain/.stamp") as file:
            stamp = [line for line in file if line.split()[0] in ("binutils", "gcc", "headers", "libstdcxx")]
    except OSError:
        raise SystemExit("build.sh: no toolchain in build/toolchain; run ./build.sh bootstrap") from None
    return hashlib.sha256("".join(stamp).encode()).hexdigest()[:16]


def libraries_key():
    """What an executable depends on besides its objects."""
    digest = hashlib.sha256()
    for library in ("crt1.o", "libstd-c.a", "libtwz_rt_min.a", "libtwz.a", "libstdc++.a"):
        with open(f"{ROOT}/build/toolchain/x86_64-twizzler/lib/{library}", "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def for_linker(flag):
    return bool(re.match(r"-l|-L|-Wl,|-static|-shared|-rdynamic", flag))


def prune(place):
    """Remove what nobody has used for KEEP_DAYS from the object cache, once a day; each use renews a file's time."""
    stamp, now = f"{place}/.pruned", time.time()
    if not os.path.isdir(place) or (os.path.exists(stamp) and now - os.stat(stamp).st_mtime < 86400):
        return
    with open(stamp, "w"):
        pass
    for folder, _, files in os.walk(place, topdown=False):
        for file in files:
            path = f"{folder}/{file}"
            try:
                if now - os.stat(path).st_mtime > KEEP_DAYS * 86400:
                    os.unlink(path)
            except FileNotFoundError:
                pass  # another run's doing


class Builder:
    """Compiles and links; `linux` links for the host's Linux instead (toolchain/linux-musl.sh)."""

    def __init__(self, linux=False):
        self.linux = linux
        self.place = f"{CACHE}/objects/{compiler_key()}"
        prune(f"{CACHE}/objects")
        self.compile_with = {language: f"{TOOLS}/x86_64-twizzler-{language}" for language in ("gcc", "g++")}
        self.link_with = {language: [command, "-static"] for language, command in self.compile_with.items()}
        if linux:
            place = subprocess.run([f"{ROOT}/toolchain/linux-musl.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
            self.link_with = {language: [f"{place}/linux-musl-{language}"] for language in ("gcc", "g++")}

    def object(self, source, flags, compiler="gcc"):
        """The object of a source file, from the cache or compiled now. A source's own path stands for the headers beside it,
        because a suite's folder is named by the hash of all that is in it."""
        with open(source, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
        key = hashlib.sha256("\0".join([compiler, source, content, *flags]).encode()).hexdigest()
        path = f"{self.place}/{key[:2]}/{key}"
        if os.path.exists(path + ".o"):
            os.utime(path + ".o")
            return path + ".o"
        if os.path.exists(path + ".error"):
            with open(path + ".error", errors="replace") as file:
                raise BuildFailure(file.read())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as work:
            command = [self.compile_with[compiler], *flags, "-c", source, "-o", f"{work}/o"]
            try:
                done = subprocess.run(command, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=COMPILE_TIMEOUT)
            except subprocess.TimeoutExpired:
                raise BuildFailure(f"no end of compiling after {COMPILE_TIMEOUT} s") from None
            if done.returncode != 0:
                text = " ".join(command) + "\n" + done.stdout.decode(errors="replace")
                with open(f"{work}/error", "w") as file:
                    file.write(text)
                os.rename(f"{work}/error", path + ".error")
                raise BuildFailure(text)
            os.rename(f"{work}/o", path + ".o")
        return path + ".o"

    def build(self, program, path):
        """Make the program's executable."""
        compile_flags = [flag for flag in program.flags if not for_linker(flag)]
        # On DejaGnu's one command line a "-x LANGUAGE" stands behind the first source.
        first = re.sub("(^|\0)-x\0[^\0]*", "", "\0".join(compile_flags)).strip("\0").split("\0")
        objects = [self.object(source, first if index == 0 else compile_flags, program.compiler)
                   for index, source in enumerate(program.sources)]
        if program.outputs:
            objects.append(self.object(f"{ROOT}/tests/conformance/driver/terminal.c", ["-O2"]))
        if program.scratch:
            objects.append(self.object(f"{ROOT}/tests/conformance/driver/scratch.c", ["-O2"]))
        # The options that choose start files and the like count at the link as well.
        command = [*self.link_with[program.compiler], *[flag for flag in compile_flags if flag.startswith(("-f", "-m", "-O", "-p"))],
                   *objects, *program.objects, *[flag for flag in program.flags if for_linker(flag)],
                   *([] if program.debug else ["-Wl,-S"]), "-o", path]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise BuildFailure(" ".join(command) + "\n" + done.stdout.decode(errors="replace"))
