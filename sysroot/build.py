# SPDX-License-Identifier: BSD-2-Clause
# Installs what every program and every port sees: the ABI headers, and the files that tell build systems of the target.

for header in glob("include/**/*.h", "include/**/*.def"):
    install(header, header.removeprefix("//sysroot/"))

for name in ("config.site", "cmake-toolchain.cmake", "meson-cross.ini", "config.sub"):
    for source in glob(name + "*"):
        install(source, f"share/twizzler/{name}")
