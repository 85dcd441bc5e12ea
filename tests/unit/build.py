# SPDX-License-Identifier: BSD-2-Clause
# Host unit tests: pure code under ASan and UBSan.

layout = glob("*.c", root="//libtwz/layout")
store = glob("*.c", root="//kernel/store", exclude=["kernel_*.c"])
flags = ["-I.", "-I//libtwz/include", "-I//kernel/store"]

unit_test("id", ["id.c"] + layout, flags=flags)
unit_test("directory", ["directory.c"] + layout, flags=flags)
unit_test("store", ["store.c"] + store + layout, flags=flags)
unit_test("store_repair", ["store_repair.c"] + store + layout, flags=flags)
unit_test("store_disk", ["store_disk.c"] + store + layout, flags=flags)
unit_test("heap_hostile", ["heap_hostile.c"] + layout, flags=flags)
native = glob("*.c", "host/*.c", "collections/*.c", root="//libtwz")
unit_test("object", ["object.c"] + native + layout, flags=flags + ["-I//libtwz"])
unit_test("tx", ["tx.c"] + native + layout, flags=flags + ["-I//libtwz"])
unit_test("collections", ["collections.c"] + native + layout, flags=flags + ["-I//libtwz"])
unit_test("kv", ["kv.c"] + glob("kv.c", root="//bin/twzkv") + native + layout, flags=flags + ["-I//libtwz", "-I//bin/twzkv"])
unit_test("list_queue", ["list_queue.c"] + native + layout, flags=flags + ["-I//libtwz"])
unit_test("append_log", ["append_log.c"] + native + glob("*.c", root="//libtwz/layout", exclude=["persist.c"]), flags=flags + ["-I//libtwz"])
