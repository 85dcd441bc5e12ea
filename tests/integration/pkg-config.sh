# SPDX-License-Identifier: BSD-2-Clause
# x86_64-twizzler-pkg-config looks into the toolchain's sysroot and nowhere else, whatever the environment says.
# shellcheck shell=bash
. tests/integration/lib.sh
needs pkg-config

# A toolchain of links with one library's description.
mkdir -p "$work/toolchain/bin" "$work/toolchain/x86_64-twizzler/lib/pkgconfig" "$work/host"
cp "$(command -v x86_64-twizzler-pkg-config)" "$work/toolchain/bin/"
for place in toolchain/x86_64-twizzler/lib/pkgconfig host; do
	cat >"$work/$place/${place%%/*}.pc" <<-'END'
		prefix=/usr
		Name: sample
		Description: a library
		Version: 1.2
		Cflags: -I${prefix}/include/sample
		Libs: -L${prefix}/lib -lsample
	END
done
tool=$work/toolchain/bin/x86_64-twizzler-pkg-config
works "$tool" --modversion toolchain
says '^1\.2$'
works "$tool" --cflags --libs toolchain
says "-I$work/toolchain/x86_64-twizzler/usr/include/sample"
fails env PKG_CONFIG_PATH="$work/host" PKG_CONFIG_LIBDIR="$work/host" "$tool" --modversion host
fails x86_64-twizzler-pkg-config --modversion nonesuch
finish
