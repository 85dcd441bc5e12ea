# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of the run channel's pure parts.

unit_test("host-message", ["host_message_test.c", "//kernel/device/host_message.c"], flags=["-I//kernel/device"])
unit_test("init-words", ["init_words_test.c"], flags=["-I//bin/init", "-I//libtwz/include"])
unit_test("run-words", ["run_words_test.c", "//toolchain/run/strings.c"], flags=["-I//toolchain/run"])
unit_test("crash-report", ["crash_report_test.c"] + [f"//toolchain/run/{name}.c" for name in
          ["crash", "frame_info", "unwind", "expression", "image", "source", "strings"]], flags=["-I//toolchain/run"])
