# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of the handlers' pure parts: the image check, the commit, the handler library.

unit_test("handler-image", ["image_test.c", "//kernel/handler/image.c"], flags=["-I//kernel/handler"])
unit_test("handler-library", ["library_test.c", *(f"//handlerc/lib/{name}.c" for name in ("append", "format"))],
          flags=["-I//handlerc/lib", "-DRUN_ENTRY_ELSEWHERE"])

unit_test("handler-commit", ["commit_test.c", "//kernel/handler/commit.c"],
          flags=["-I//kernel/store", "-I//kernel/handler", "-I//tests/unit", "-I//libtwz/include"], libs=use("tests/unit", "store"))
