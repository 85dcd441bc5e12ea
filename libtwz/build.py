# SPDX-License-Identifier: BSD-2-Clause
# libtwz.a for the target, its headers, and the host tool mkimage.

layout = glob("layout/*.c")
flags = ["-Iinclude", "-fPIC", "-ffunction-sections", "-fdata-sections", "-fno-stack-protector"]
library = archive("libtwz.a", objects("target", glob("*.c", "*.S", "collections/*.c") + layout, tool="freestanding", flags=flags))
install(library, "lib/libtwz.a")
for header in glob("include/twz/*.h", "include/twz/*.hpp"):
    install(header, "include/twz/" + header.split("/")[-1])

mkimage = link("mkimage", objects("mkimage.o", glob("mkimage/*.c") + layout, tool="host", flags=["-Iinclude"]), tool="host")
default(mkimage)
alias("mkimage", [mkimage])
export("mkimage", mkimage)
export("layout", layout)
export("library", library)
