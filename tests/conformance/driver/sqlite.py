# SPDX-License-Identifier: BSD-2-Clause
"""SQLite's programs that stand alone: speedtest1, kvtest and threadtest3, and its collected fuzzing cases by fuzzcheck."""

import os
import subprocess
import sys

from programs import ROOT, Program
from source import unpacked

SUMMARY = "SQLite's speedtest1, kvtest, threadtest3 and fuzzcheck"
LEVELS = ["-"]

FLAGS = ["-O2", "-w", "-DSQLITE_ENABLE_RTREE", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_THREADSAFE=1", "-DSQLITE_DIRECT_OVERFLOW_READ"]

# speedtest1's test sets, and the hash of all that their queries give at --size 5. Linux with glibc gives the same.
SETS = {"main": "826556 2ef302098d252181c4cb98b84a8a332a8e98506910393697",
        "cte": "310 ad1f650064f8dd8c3119acb58e43807dcc045109ad6400b9",
        "rtree": "67872 89acd67855a8a910427706440e26541f9218d9fbbb35f078",
        "orm": "2072732 dafa4cb7a496cd38f29d60dd96841f009ec88d5d7ef46ff0",
        "fp": "10 d3e0eefde1053043576c8202b1cae4056138567579a8ca3b",
        "parsenumber": "0 0e12171d242c353f364c455d6c648193a69cc0d6ed18f85c"}
# How its main set is run besides.
MODES = {"file": [], "wal": ["--journal", "wal"], "persist": ["--journal", "persist"], "mmap": ["--mmap", "10000000"],
         "threads": ["--threads", "3"], "nosync": ["--nosync", "--autovacuum"], "exclusive": ["--exclusive", "--journal", "wal"],
         "without-rowid": ["--without-rowid"]}

# kvtest's runs over a database of 500 values of 2000 bytes.
INIT = ["init", "--count", "500", "--size", "2000"]
READS = {"ascending": ["--asc"], "descending": ["--desc"], "random": ["--random"], "blob-api": ["--blob-api", "--random"],
         "mmap": ["--random", "--mmap", "4000000"]}
UPDATES = {"delete": [], "wal": ["--jmode", "wal"], "nosync": ["--nosync", "--jmode", "truncate"], "fsync": ["--fsync", "--multitrans"]}

# threadtest3's tests and how long each has before it hangs, in seconds; the second ones run for 10 s to 60 s by themselves.
THREADS = {"walthread5": 120, "cgt_pager_1": 120}
LONG_THREADS = {"walthread1": 300, "walthread2": 300, "walthread3": 300, "walthread4": 300, "dynamic_triggers": 300,
                "checkpoint_starvation_1": 200, "checkpoint_starvation_2": 200, "create_drop_index_1": 200, "lookaside1": 200,
                "vacuum1": 200, "stress1": 200, "stress2": 400, "shared1": 200}

# stress2 changes the journal mode beside connections that open and close. SQLite asks but once, without the busy handler, for the
# lock that leaving WAL takes (sqlite3PagerCloseWal), and of the test's threads only this one takes SQLITE_BUSY for an error.
EXCUSES = {"stress2": r'(?:(?!Error).)*Error: \(5\) "database is locked" at line 258\s(?:(?!Error).)*1 errors out of 1 tests\s*'}

FUZZ = ["test/fuzzcheck.c", "test/ossfuzz.c", "test/fuzzinvariants.c", "ext/recover/dbdata.c", "ext/recover/sqlite3recover.c", "test/vt02.c",
        "ext/misc/randomjson.c"]
# FUZZCHECK_OPT of Makefile.in.
FUZZ_FLAGS = ["-O2", "-w", *[f"-DSQLITE_{word}" for word in (
    "OSS_FUZZ ENABLE_BYTECODE_VTAB ENABLE_DBPAGE_VTAB ENABLE_DBSTAT_VTAB ENABLE_DESERIALIZE ENABLE_EXPLAIN_COMMENTS "
    "ENABLE_FTS3_PARENTHESIS ENABLE_FTS4 ENABLE_FTS5 ENABLE_GEOPOLY ENABLE_MATH_FUNCTIONS ENABLE_MEMSYS5 ENABLE_NORMALIZE "
    "ENABLE_OFFSET_SQL_FUNC ENABLE_PREUPDATE_HOOK ENABLE_RTREE ENABLE_SESSION ENABLE_STMTVTAB ENABLE_UNKNOWN_SQL_FUNCTION ENABLE_STAT4 "
    "ENABLE_STMT_SCANSTATUS MAX_MEMORY=50000000 MAX_MMAP_SIZE=0 OMIT_LOAD_EXTENSION PRINTF_PRECISION_LIMIT=1000 PRIVATE= "
    "STRICT_SUBTYPE=1 STATIC_RANDOMJSON").split()]]


def amalgamation(source):
    """The folder of sqlite3.c (sqlite.sh)."""
    done = subprocess.run(["bash", f"{ROOT}/tests/conformance/driver/sqlite.sh", source], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "TWZ_ROOT": ROOT})
    if done.returncode != 0:
        sys.exit(done.returncode)
    return done.stdout.strip()


def port():
    """The root of SQLite's port, whose library keeps databases in objects."""
    done = subprocess.run(["./build.sh", "port", "sqlite"], cwd=ROOT, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return f"{ROOT}/build/ports/sqlite/root/usr"


def programs(_level, builder):
    """Each program in each of its ways to run; those with databases in objects work in /tmp, where files are objects."""
    place = unpacked("sqlite3")
    library = amalgamation(place)
    flags = [*FLAGS, f"-I{library}", f"-I{place}/src", f"-I{place}/test"]
    made = []

    def add(name, sources, *arguments, flags=flags, scratch=True, **more):
        made.append(Program(name, [*[f"{place}/{source}" for source in sources], f"{library}/sqlite3.c"], flags,
                            arguments=list(arguments), scratch=scratch, **more))

    def speedtest(name, *arguments, size="5", hash_of="", **more):
        add(f"speedtest1/{name}", ["test/speedtest1.c"], "--verify", "--size", size, *arguments, outputs=[f"Verification Hash: {hash_of}"],
            **{"timeout": 240, **more})

    for name, wanted in SETS.items():
        speedtest(name, "--memdb", "--testset", name, hash_of=wanted)
    for name, arguments in MODES.items():
        speedtest(f"main-{name}", *arguments, f"speed-{name}.db", hash_of=SETS["main"])
    speedtest("main-50", "speed-50.db", size="50", slow=True, timeout=1200)

    def kvtest(name, *arguments, before=(), **more):
        database = f"kv-{name}.db"
        fill = ([word if word != "DB" else database for word in words] for words in (["init", "DB", *INIT[1:]], *before))
        add(f"kvtest/{name}", ["test/kvtest.c"], *[word.replace("DB", database) for word in arguments], before=list(fill),
            timeout=120, scratch=False, **more)  # /tmp is another one in each run

    for name, arguments in READS.items():
        kvtest(name, "run", "DB", "--count", "300", "--integrity-check", *arguments, outputs=["integrity-check: ok.*Content read rate"])
    for name, arguments in UPDATES.items():
        kvtest(f"update-{name}", "run", "DB", "--count", "100", "--update", "--integrity-check", *arguments,
               slow=name == "wal", outputs=["integrity-check: ok.*Content write rate"])
    kvtest("vacuum", "stat", "DB", "--vacuum", outputs=["Number of entries: *500.*Integrity-check: *ok"])
    kvtest("files", "run", "kv-files", "--count", "100", "--max-id", "499", before=[["export", "DB", "kv-files", "--tree"]],
           outputs=["Content read rate"])

    for tests, slow in ((THREADS, False), (LONG_THREADS, True)):
        for name, seconds in tests.items():
            add(f"threadtest3/{name}", ["test/threadtest3.c", "src/test_multiplex.c"], name, outputs=["0 errors out of 1 tests"],
                timeout=seconds, slow=slow, excuse=EXCUSES.get(name))

    if not builder.linux:
        root = port()

        def on_objects(name, sources, *arguments, **more):
            made.append(Program(f"objects/{name}", [f"{place}/{source}" for source in sources],
                                ["-O2", "-w", f"-I{root}/include", f"-I{place}/src", f"-I{place}/test"],
                                objects=[f"{root}/lib/libsqlite3.a"], arguments=list(arguments), scratch=True, **more))

        for name, arguments in MODES.items():
            on_objects(f"speedtest1/main-{name}", ["test/speedtest1.c"], "--verify", "--size", "5", *arguments, "speed.db",
                       outputs=[f"Verification Hash: {SETS['main']}"], timeout=240)
        on_objects("kvtest", ["test/kvtest.c"], "init", "kv.db", *INIT[1:], timeout=120)
        for tests, slow in ((THREADS, False), (LONG_THREADS, True)):
            for name, seconds in tests.items():
                on_objects(f"threadtest3/{name}", ["test/threadtest3.c", "src/test_multiplex.c"], name,
                           outputs=["0 errors out of 1 tests"], timeout=seconds, slow=slow, excuse=EXCUSES.get(name))

    for number in range(1, 9):
        database = f"{place}/test/fuzzdata{number}.db"
        add(f"fuzzcheck/{number}", FUZZ, os.path.basename(database), timeout=1800, scratch=False, slow=number not in (4, 6), files=[database],
            flags=[*FUZZ_FLAGS, f"-I{library}", f"-I{place}/src", f"-I{place}/test", f"-I{place}/ext/recover"], outputs=[": 0 errors out of [1-9]"])
    return made
