#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Does what docs/tutorial.md says, block by block: its C is todo.c, its commands print what it shows.
set -euo pipefail

root=$PWD
place=$(mktemp -d /tmp/twizzler-tutorial.XXXXXX)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 - "$root/docs/tutorial.md" <<'END'
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    blocks = re.findall(r"^```(c|sh|text)\n(.*?)^```$", file.read(), re.M | re.S)
for kind, name in (("c", "todo.c"), ("sh", "commands"), ("text", "expected")):
    with open(name, "w", encoding="utf-8") as file:
        file.write("".join(text for found, text in blocks if found == kind))
END
[ -s todo.c ] && [ -s commands ] && [ -s expected ]
bash -euo pipefail commands >output
diff expected output
echo "$(grep -c twizzler-run commands) boots, as the tutorial says"
