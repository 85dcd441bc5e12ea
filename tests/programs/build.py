# SPDX-License-Identifier: BSD-2-Clause
# The programs that the boot tests run: each source here names, in a "shapes:" line, which shapes are made of it, and in a "links:" line
# the libraries that it wants besides.
import re

FLAGS = {"dynamic": [], "static": ["-static"], "unikernel": ["-unikernel"]}

for source in glob("*.c", "*.cc") + glob("*.c", root="//examples"):
    with open(source[2:]) as file:
        text = file.read()
    shapes = re.search(r"shapes:((?:[\s*]+(?:dynamic|static|unikernel)\b)+)", text)
    links = re.search(r"^// links: (.*)$", text, re.M)
    if not shapes:
        raise SystemExit(f"{source[2:]}: no 'shapes: dynamic static unikernel' line")
    name, kind = os.path.splitext(os.path.basename(source))
    compiled = objects("objects", [source])
    for shape in re.findall("[a-z]+", shapes.group(1)):
        default(link(f"{BUILD}/tests/programs/{name}-{shape}", compiled, flags=FLAGS[shape], cxx=kind == ".cc",
                     libs=links.group(1).split() if links else []))
