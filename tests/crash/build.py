# SPDX-License-Identifier: BSD-2-Clause
# The crash-state explorer: libtwz and the store for the host, every load and store recorded.

# The compiler's callbacks without its run-time library; copies become calls (instrumented.h).
RECORDED = ["-fsanitize=thread", "-fno-tree-loop-distribute-patterns", "-include", "tests/crash/instrumented.h"]
FLAGS = ["-I.", "-I//libtwz", "-I//libtwz/include", "-I//tests/unit", "-O1"]
STORE_FLAGS = ["-I.", "-I//kernel/store", "-I//kernel/handler", "-I//libtwz/include", "-I//tests/unit", "-O1"]

library = glob("*.c", "collections/*.c", "layout/*.c", root="//libtwz", exclude=["layout/persist.c"])
store = glob("*.c", root="//kernel/store", exclude=["kernel_*.c"])
store_subjects = glob("subject_store*.c")
subjects = glob("subject_*.c", exclude=["subject_store*.c"]) + ["object.c", "heap_check.c"]
recorded = objects("recorded", library + subjects, tool="host", flags=FLAGS + RECORDED)
recorded += objects("recorded", store + store_subjects, tool="host", flags=STORE_FLAGS + RECORDED)
plain = ["main.c", "explore.c", "medium.c", "callbacks.c", "threads.c", "//libtwz/host/host.c"]
wraps = ["twz_lock_take", "twz_lock_release", "sched_yield"]
ldflags = ["-Wl,--wrap=" + name for name in wraps] + ["-pthread"]
unit_test("crash", plain, flags=FLAGS, tool="host", libs=recorded, ldflags=ldflags)
