# SPDX-License-Identifier: BSD-2-Clause
# Installs what every program and every port sees: the ABI headers, and the files that tell build systems of the target.

for header in glob("include/**/*.h", "include/**/*.def"):
    install(header, header.removeprefix("//sysroot/"))

for name in ("config.site", "cmake-toolchain.cmake", "meson-cross.ini"):
    install(name, f"share/twizzler/{name}")
# The config.sub that knows the target, to be put over a port's own.
install(f"{BUILD}/gcc-source/config.sub", "share/twizzler/config.sub")
install("pkg-config", "bin/x86_64-twizzler-pkg-config")
for name in ("site.exp", "boards/twizzler.exp"):
    install(f"dejagnu/{name}", f"share/twizzler/dejagnu/{name}")
