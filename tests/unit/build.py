# SPDX-License-Identifier: BSD-2-Clause
# Host unit tests: pure code under ASan and UBSan. What several of them test is compiled once.

flags = ["-I.", "-I//libtwz/include"]
store_flags = flags + ["-I//kernel/store"]
native_flags = flags + ["-I//libtwz"]


def tested(*patterns, root, flags=flags, exclude=()):
    """Objects of the sources that match."""
    return objects("tested", glob(*patterns, root=root, exclude=exclude), tool="sanitized", flags=flags)


persist = tested("persist.c", root="//libtwz/layout")
layout = tested("*.c", root="//libtwz/layout", exclude=["persist.c"])
store = tested("*.c", root="//kernel/store", flags=store_flags, exclude=["kernel_*.c"]) + layout + persist
native = tested("*.c", "host/*.c", "collections/*.c", root="//libtwz", flags=native_flags) + layout
export("store", store)

for name in ("id", "directory", "heap_hostile"):
    unit_test(name, [f"{name}.c"], flags=flags, libs=layout + persist)
for name in ("store", "store_repair"):
    unit_test(name, [f"{name}.c"], flags=store_flags, libs=store)
disk = tested("recorded_disk.c", root="//tests/unit", flags=store_flags)
for name in ("store_disk", "store_media"):
    unit_test(name, [f"{name}.c"], flags=store_flags, libs=disk + store)
for name in ("object", "resolved", "fot", "tx", "collections", "list_queue"):
    unit_test(name, [f"{name}.c"], flags=native_flags, libs=native + persist)
unit_test("kv", ["kv.c", "//bin/twzkv/kv.c"], flags=native_flags + ["-I//bin/twzkv"], libs=native + persist)
unit_test("append_log", ["append_log.c"], flags=native_flags, libs=native)
