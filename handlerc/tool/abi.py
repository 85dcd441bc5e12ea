# SPDX-License-Identifier: BSD-2-Clause
"""Constants of <twizzler/handler_image.h>, version.h and syscall.h, read from the headers themselves."""

import re
import subprocess

from problem import Fatal

HEADERS = "#include <twizzler/handler_image.h>\n#include <twizzler/syscall.h>\n"
WANTED = ["TWZ_HANDLER_MAGIC", "TWZ_HANDLER_FORMAT", "TWZ_HANDLER_RODATA", "TWZ_HANDLER_TEXT",
          "TWZ_HANDLER_DATA", "TWZ_HANDLER_BUDGET_MAX", "TWZ_HANDLER_MEMORY_MAX", "TWZ_HANDLER_RUN_MIN",
          "TWZ_HANDLER_PERIOD_MAX", "TWZ_HANDLER_PATH_MAX", "TWZ_HANDLER_NAME_MAX", "TWZ_HANDLER_HEADER_MAX",
          "TWZ_EVENT_TIMER", "TWZ_EVENT_APPLICATION", "TWZ_EVENT_BOOT", "TWZ_OUTPUT_APPEND",
          "TWZ_ABI_MAJOR", "TWZ_ABI_MINOR", "TWZ_ABI_PATCH", "TWZ_SLOT_SIZE"]


def evaluate(expression):
    """The value of a constant expression of numbers, shifts and parentheses."""
    plain = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]*", r"\1", expression)
    if not re.fullmatch(r"[0-9a-fA-FxX\s()<>+*-]+", plain):
        raise Fatal(f"x86_64-twizzler-handlerc: cannot read the ABI headers: {expression.strip()}")
    return eval(plain, {"__builtins__": {}})  # only numbers and operators are left


def read(compiler):
    """{name: value} of the installed headers, so that the image follows the ABI of the toolchain."""
    text = HEADERS + "".join(f'"twz:{name}" {name}\n' for name in WANTED)
    run = subprocess.run(compiler + ["-E", "-P", "-x", "c", "-"], input=text, capture_output=True, text=True)
    if run.returncode:
        raise Fatal("x86_64-twizzler-handlerc: cannot read the ABI headers: "
                    + (run.stderr.strip().splitlines() or ["the preprocessor failed"])[0])
    values = {name: evaluate(expression) for name, expression in re.findall(r'"twz:(\w+)" (.*)', run.stdout)}
    missing = [name for name in WANTED if name not in values]
    if missing:
        raise Fatal(f"x86_64-twizzler-handlerc: the ABI headers define no {missing[0]}; rebuild the toolchain")
    return values
