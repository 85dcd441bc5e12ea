# SPDX-License-Identifier: BSD-2-Clause
# The crash-state explorer: libtwz and the store for the host, every load and store recorded.

# The compiler's callbacks without its run-time library; copies become calls (instrumented.h).
RECORDED = ["-fsanitize=thread", "-Wno-tsan", "-fno-tree-loop-distribute-patterns", "-include", "tests/crash/instrumented.h"]
FLAGS = ["-I.", "-I//libtwz", "-I//libtwz/include", "-I//tests/unit", "-O1"]
SQLITE_FLAGS = FLAGS + ["-I//tests/crash/sqlite", "-I//ports/sqlite"]
STORE_FLAGS = ["-I.", "-I//kernel/store", "-I//kernel/handler", "-I//libtwz/include", "-I//tests/unit", "-O1"]

library = glob("*.c", "collections/*.c", "layout/*.c", root="//libtwz", exclude=["layout/persist.c"])
store = glob("*.c", root="//kernel/store", exclude=["kernel_*.c"]) + ["//kernel/handler/commit.c"]
store_subjects = glob("subject_store*.c")
subjects = glob("subject_*.c", exclude=["subject_store*.c", "subject_sqlite.c"]) + ["object.c", "heap_check.c"]
recorded = objects("recorded", library + subjects, tool="host", flags=FLAGS + RECORDED)
recorded += objects("recorded", ["subject_sqlite.c", "//ports/sqlite/objectvfs_file.c"], tool="host", flags=SQLITE_FLAGS + RECORDED)
recorded += objects("recorded", store + store_subjects, tool="host", flags=STORE_FLAGS + RECORDED)
plain = ["main.c", "subjects.c", "explore.c", "losses.c", "medium.c", "callbacks.c", "threads.c", "//libtwz/host/host.c"]
wraps = ["twz_lock_take", "twz_lock_release", "sched_yield"]
ldflags = ["-Wl,--wrap=" + name for name in wraps] + ["-pthread"]
unit_test("crash", plain, flags=FLAGS, tool="host", libs=recorded, ldflags=ldflags)


def mutants(rules, place):
    """Copies of the sources that RULES names, in which a number chooses a planted bug: (the sources' names, the copies, their table)."""
    with open(f"tests/crash/{rules}") as file:
        mutated = sorted({line.split(": ")[0] for line in file if line.startswith(("libtwz/", "kernel/"))})
    output = f"{BUILD}/tests/crash/{place}"
    copies, table = [f"{output}/{name.replace('/', '_')}" for name in mutated], f"{output}/mutants.c"
    generate(copies + [table], ["python3", "tests/crash/mutate.py", f"tests/crash/{rules}", output, *mutated],
             ["mutate.py", rules] + [f"//{name}" for name in mutated])
    return mutated, copies, table


mutated, copies, table = mutants("mutants.txt", "mutants")
OWN = ["-I//libtwz/layout", "-I//libtwz/collections", "-w"]
kept = [path for path in recorded if path.split("/recorded/")[1][:-2] not in mutated]
bugs = objects("mutants", [f"//{path}" for path in copies if "/libtwz_" in path], tool="host", flags=FLAGS + OWN + RECORDED)
bugs += objects("mutants", [f"//{path}" for path in copies if "/kernel_" in path], tool="host", flags=STORE_FLAGS + OWN + RECORDED)
unit_test("crash-mutants", ["mutants_main.c", f"//{table}"] + plain[1:], flags=FLAGS, tool="host",
          libs=kept + bugs, ldflags=ldflags)

# The store on a disk.
mutated, copies, table = mutants("disk_mutants.txt", "disk-mutants")
whole = [path for path in store if path[2:] not in mutated] + glob("*.c", root="//libtwz/layout")
disk = objects("disk-mutants", ["//tests/unit/store_disk.c"], tool="host", flags=STORE_FLAGS + ["-Dmain=store_disk_main"])
disk += objects("disk-mutants", ["//tests/unit/recorded_disk.c"] + [f"//{path}" for path in copies] + whole, tool="host", flags=STORE_FLAGS + ["-w"])
unit_test("disk-mutants", ["disk_mutants_main.c", f"//{table}"], flags=FLAGS, tool="host", libs=disk)
