# SPDX-License-Identifier: BSD-2-Clause
# The runtimes' pure parts on the host.

flags = ["-I//runtime-min", "-I//libtwz/include"]
text = ["//runtime-min/string.c"]

unit_test("runtime_tree", ["tree_test.c", "//runtime-min/memory/tree.c", "//runtime-min/memory/space.c"] + text, flags=flags)
unit_test("runtime_message", ["message_test.c", "//runtime-min/files/hostfs_message.c"] + text, flags=flags)
unit_test("runtime_line", ["line_test.c", "//runtime-min/fd/line.c"] + text, flags=flags)
unit_test("runtime_path", ["path_test.c", "//runtime-min/files/path.c"] + text, flags=flags)
