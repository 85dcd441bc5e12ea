#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run every checker over the tracked files. A checker whose tool is not on this host says so and is counted as skipped."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOLCHAIN = "build/toolchain"
SOURCE = (".c", ".h", ".cc", ".S", ".py", ".sh", ".exp", ".ld", ".def", ".lua")


class Skip(Exception):
    pass


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def tracked():
    return [path for path in run("git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.splitlines()
            if os.path.isfile(path)]


def read(path):
    with open(path, errors="replace") as file:
        return file.read()


def need(tool):
    if not shutil.which(tool):
        raise Skip(f"no {tool} on this host")


def formatted(files):
    """What clang-format is asked about: our C, but not the bad input of tests, whose lines are counted."""
    return [path for path in files if path.endswith((".c", ".h", ".cc")) and "/bad/" not in path]


def check_format(files):
    """clang-format settles the C."""
    need("clang-format")
    output = run("clang-format", "--dry-run", "--style=file", *formatted(files)).stdout
    wrong = {match.group(1) for match in re.finditer(r"^([^:\n]+):\d+:\d+: (?:warning|error):", output, re.M)}
    return [f"{path}: not as clang-format has it; run ./build.sh lint --fix" for path in sorted(wrong)]


def check_spdx(files):
    """Every source opens with its licence and a sentence of purpose."""
    wrong = []
    for path in files:
        if path.endswith(SOURCE) or path in (".ci/run", "build.sh"):
            head = read(path).splitlines()[:3]
            if not any("SPDX-License-Identifier: BSD-2-Clause" in line for line in head):
                wrong.append(f"{path}: no SPDX line at its head")
    return wrong


def check_shell(files):
    """shellcheck on the scripts."""
    need("shellcheck")
    scripts = [path for path in files if path.endswith(".sh") or path == ".ci/run"]
    result = run("shellcheck", "-S", "warning", "-e", "SC1090,SC1091,SC2154,SC2034,SC2164", "-f", "gcc", *scripts)
    return result.stdout.splitlines()


def check_words(files):
    """Nothing is left half done in the text."""
    wrong = []
    for path in files:
        if path.endswith(SOURCE) and path != "toolchain/lint.py":
            for number, line in enumerate(read(path).splitlines(), 1):
                if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                    wrong.append(f"{path}:{number}: {line.strip()}")
    return wrong


def check_patches(files):
    """A patch opens with a mail header and its reason, and its folder's README or patches/README.md names it."""
    wrong = []
    listed = read("toolchain/patches/README.md")
    for path in files:
        if not path.endswith(".patch"):
            continue
        head = re.split(r"^---$", read(path), maxsplit=1, flags=re.M)[0]
        subject = re.search(r"^Subject: \[PATCH\] \S.*$", head, re.M)
        reason = head.split("\n\n", 1)[1].strip() if "\n\n" in head else ""
        if not head.startswith("From: ") or not subject or len(reason) < 40:
            wrong.append(f"{path}: opens without From:, Subject: [PATCH] and a reason")
        if not re.match(r"\d{4}-[a-z0-9_-]+\.patch$", os.path.basename(path)):
            wrong.append(f"{path}: is not called NNNN-name.patch")
        if path.startswith("toolchain/patches/") and path[len("toolchain/patches/"):] not in listed:
            wrong.append(f"{path}: toolchain/patches/README.md does not name it")
    return wrong


def check_hashes(files):
    """Every source is pinned, and every port uses a pinned one."""
    wrong = []
    names = set()
    for number, line in enumerate(read("toolchain/sources.lock").splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        if not re.fullmatch(r"\S+ \S+ pool/\S+\.orig\.tar\.\w+ [0-9a-f]{64}", line):
            wrong.append(f"toolchain/sources.lock:{number}: not 'name version pool/...orig.tar.* sha256'")
        names.add(line.split()[0])
    for path in files:
        if re.fullmatch(r"ports/[^/]+/recipe\.sh", path):
            source = re.search(r"^port_source=(\S+)", read(path), re.M)
            if not source or source.group(1) not in names:
                wrong.append(f"{path}: its port_source is not in toolchain/sources.lock")
    return wrong


def check_version(_):
    """The ABI major that the GCC libraries are marked with is the tree's."""
    tree = re.search(r"^#define TWZ_ABI_MAJOR (\d+)", read("sysroot/include/twizzler/version.h"), re.M).group(1)
    mark = re.search(r"^ABI_MAJOR=(\d+)", read("toolchain/stages/target.sh"), re.M).group(1)
    return [] if mark == tree else [f"toolchain/stages/target.sh: ABI_MAJOR={mark}, version.h has {tree}; make them one"]


def patched_generated():
    """What the patches change of a configure, of what it is made from, or of other files that tools write, as (patch, file)."""
    tools = re.compile(r"(^|/)(configure|configure\.(ac|in)|aclocal\.m4|config(ure)?\.h?in|ltmain\.sh|Makefile\.am|[^/]*\.m4)$")
    found = []
    for path in sorted(glob.glob("toolchain/patches/*/*.patch")):
        for name in re.findall(r"^\+\+\+ b/(\S+)", read(path), re.M):
            # gcc/Makefile.in and libgcc's are written by hand.
            automake = name.endswith("/Makefile.in") and name not in ("gcc/Makefile.in", "libgcc/Makefile.in")
            if tools.search(name) or automake:
                found.append((path, name))
    return found


def check_generated(_):
    """No patch touches a configure or what one is made from, and autoconf 2.69 makes GCC's of its source as it is."""
    touched = [f"{path}: changes {name}, which is made by a tool or what it is made from; tell configure by a cache variable or the command line"
               for path, name in patched_generated()]
    if touched:
        return touched
    need("autoconf2.69")
    source = "build/gcc-source"
    if not os.path.isdir(source):
        raise Skip("no build/gcc-source; run ./build.sh bootstrap")
    wrong = []
    with tempfile.TemporaryDirectory() as work:
        shutil.copytree(f"{source}/config", f"{work}/config")
        for name in os.listdir(source):
            if name.endswith(".m4"):
                shutil.copy(f"{source}/{name}", work)
        for folder in ("gcc", "libstdc++-v3", "libatomic"):
            os.mkdir(f"{work}/{folder}")
            for name in os.listdir(f"{source}/{folder}"):
                if name.endswith((".m4", ".ac", ".host", ".tgt")) or name in ("DEV-PHASE", "BASE-VER", "DATESTAMP"):
                    shutil.copy(f"{source}/{folder}/{name}", f"{work}/{folder}")
            made = run("autoconf2.69", "-f", "-o", "made", "configure.ac", cwd=f"{work}/{folder}")
            if made.returncode != 0:
                wrong.append(f"gcc: {folder}/configure: autoconf2.69 fails: {made.stdout.strip().splitlines()[-1]}")
                continue
            # Debian's autoconf2.69 writes this one macro otherwise than GNU's.
            texts = [re.sub(r"#define LARGE_OFF_T .*", "", read(path))
                     for path in (f"{work}/{folder}/made", f"{source}/{folder}/configure")]
            if texts[0] != texts[1]:
                wrong.append(f"gcc: {folder}/configure is not what autoconf 2.69 makes of its source")
    return wrong


def check_red_zone(_):
    """No code of the target touches memory below the stack pointer."""
    objdump = f"{TOOLCHAIN}/bin/x86_64-twizzler-objdump"
    if not os.path.exists(objdump):
        raise Skip(f"no {objdump}; run ./build.sh bootstrap")
    wrong = []
    archives = []
    for top in (f"{TOOLCHAIN}/x86_64-twizzler/lib", f"{TOOLCHAIN}/lib/gcc/x86_64-twizzler"):
        for folder, _, names in os.walk(top):
            archives += [f"{folder}/{name}" for name in names
                         if name.endswith((".a", ".o")) or ".so" in name and not os.path.islink(f"{folder}/{name}")]
    below = re.compile(r"-0x[0-9a-f]+\(%rsp\)")
    for path in sorted(archives):
        if os.path.islink(path):
            continue
        with subprocess.Popen([objdump, "-d", "--no-show-raw-insn", path], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, errors="replace") as process:
            function = "?"
            for line in process.stdout:
                if line.endswith(">:\n"):
                    function = line.split("<")[1][:-3]
                # lea moves the stack pointer; or $0 probes the page below before it is moved; strub only wipes what is free.
                elif below.search(line) and function != "__strub_leave" and \
                        not re.search(r"\b(lea|nop)|or[bwlq]? +\$0x0,", line):
                    wrong.append(f"{path}: {function}: {line.split(':', 1)[1].strip()}")
    return wrong


def check_posix(_):
    """docs/posix.md is what libstd-c's table of calls says."""
    if not os.path.isdir("build/musl"):
        raise Skip("no build/musl; run ./build.sh bootstrap")
    result = run("python3", "libstd-c/posix.py", "--check")
    return [result.stdout.strip()] if result.returncode else []


def check_runtime_abi(_):
    """docs/runtime-abi.md is what the Runtime ABI's headers and the runtimes' sources say."""
    result = run("python3", "runtime-ref/abi.py", "--check")
    return [result.stdout.strip()] if result.returncode else []


def check_syscall_reference(_):
    """docs/syscalls.md is what syscall.def says."""
    result = run("python3", "kernel/syscall/reference.py", "--check")
    return [result.stdout.strip()] if result.returncode else []


def check_libtwz_reference(_):
    """docs/libtwz.md is what libtwz's headers say."""
    result = run("python3", "libtwz/reference.py", "--check")
    return [result.stdout.strip()] if result.returncode else []


def check_syscalls(files):
    """Every system call has a test that names it."""
    table = "sysroot/include/twizzler/syscall.def"
    if not os.path.exists(table):
        raise Skip(f"no {table}")
    names = re.findall(r"^TWZ_SYSCALL\(0x[0-9a-f]+, (\w+),", read(table), re.M)
    text = "".join(read(path) for path in files if path.startswith("tests/") or "/tests/" in path or "_test." in path)
    return [f"{table}: no test names twz_sys_{name}" for name in names if f"twz_sys_{name}" not in text]


def anchors(text):
    """The anchors of a document's headings: lower case, spaces as hyphens, punctuation dropped; repeats are numbered."""
    seen = {}
    for heading in re.findall(r"^#+ +(.*?) *$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")
        seen[anchor] = seen.get(anchor, -1) + 1
        yield anchor if not seen[anchor] else f"{anchor}-{seen[anchor]}"


def check_book(files):
    """Every page of docs/ stands in its folder's README.md."""
    wrong = []
    for path in files:
        folder, name = os.path.split(path)
        if path.startswith("docs/") and name.endswith(".md") and name != "README.md":
            index = folder + "/README.md"
            if not os.path.exists(index) or f"]({name})" not in read(index):
                wrong.append(f"{path}: {index} has no link to it")
    return wrong


def check_documents(files):
    """Documents name no file, folder or heading that is not there."""
    wrong = []
    folders = {path.split("/")[0] for path in files if "/" in path}
    for path in files:
        if not path.endswith(".md"):
            continue
        text = re.sub(r"^```.*?^```", "", read(path), flags=re.M | re.S)
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            place = os.path.join(os.path.dirname(path), target) if target else path
            if not os.path.exists(place):
                wrong.append(f"{path}: links to {target}, which is not there")
            elif anchor and place.endswith(".md") and anchor not in anchors(read(place)):
                wrong.append(f"{path}: links to {target}#{anchor}, and there is no such heading")
        for target in re.findall(r"`([\w.-]+(?:/[\w.+-]+)+/?)`", text):
            if target.split("/")[0] not in folders or "NAME" in target or "NNNN" in target:
                continue
            if not any(os.path.exists(os.path.join(base, target)) for base in (".", os.path.dirname(path) or ".")):
                wrong.append(f"{path}: names `{target}`, which is not there")
    return wrong


CHECKS = [(name[6:].replace("_", " "), check) for name, check in globals().items() if name.startswith("check_")]


def main():
    os.chdir(ROOT)
    words = sys.argv[1:]
    files = tracked()
    if words == ["--fix"]:
        need("clang-format")
        sys.exit(run("clang-format", "-i", "--style=file", *formatted(files)).stdout)
    failed = 0
    names = [name for name, _ in CHECKS]
    if words and words[0] not in names:
        sys.exit(f"build.sh: lint has no check '{words[0]}'; there are: {', '.join(names)}")
    for name, check in CHECKS:
        if words and name not in words:
            continue
        try:
            wrong = check(files)
        except Skip as reason:
            print(f"skipped {name}: {reason}")
            continue
        print(f"{'ok' if not wrong else 'WRONG':7} {name}: {check.__doc__}")
        for line in wrong:
            print(f"        {line}")
        failed += bool(wrong)
    if failed:
        sys.exit(f"build.sh: lint: {failed} checks failed; what is wrong stands above")


if __name__ == "__main__":
    main()
