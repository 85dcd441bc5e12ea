# SPDX-License-Identifier: BSD-2-Clause
# The programs that the boot tests run: each source here names, in a "shapes:" line, which shapes are made of it.
import re

FLAGS = {"dynamic": [], "static": ["-static"], "unikernel": ["-unikernel"]}

for source in glob("*.c", "*.cc") + glob("*.c", root="//examples"):
    with open(source[2:]) as file:
        shapes = re.search(r"shapes:((?:[\s*]+(?:dynamic|static|unikernel)\b)+)", file.read())
    if not shapes:
        raise SystemExit(f"{source[2:]}: no 'shapes: dynamic static unikernel' line")
    name, kind = os.path.splitext(os.path.basename(source))
    compiled = objects("objects", [source])
    for shape in re.findall("[a-z]+", shapes.group(1)):
        default(link(f"{BUILD}/tests/programs/{name}-{shape}", compiled, flags=FLAGS[shape], cxx=kind == ".cc"))
