# SPDX-License-Identifier: BSD-2-Clause
# /bin/sh of the initial image. It waits for the libraries to be there, not for their changes: it is dynamic.

shell = generate(f"{BUILD}/ports/dash/root/bin/sh", "./build.sh port dash >/dev/null",
                 ["recipe.sh", "//toolchain/sources.lock", "//toolchain/verbs/port.sh"],
                 needs=[f"{BUILD}/toolchain/.stamp"], after=["sysroot-headers", "sysroot-libs"])
image_file("/bin/sh", shell)
