#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The Linux reference: plain musl under our compiler's objects, for programs that run on the build host's Linux.
#
# usage: toolchain/linux-musl.sh    makes build/linux-musl, unless it stands; prints the directory of its commands
#
# build/linux-musl/bin/linux-musl-gcc and linux-musl-g++ take what x86_64-twizzler-gcc takes and link static Linux
# programs. Headers, compiler, libgcc and libstdc++.a are the very same ones; only libc.a and the crt files differ: the
# pinned musl's own, for x86_64 Linux. So a result that differs is the OS's doing and not the compiler's.
set -euo pipefail

TWZ_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export TWZ_ROOT
. "$TWZ_ROOT/toolchain/lib.sh"

place=$TWZ_BUILD/linux-musl
gcc=$(installed $TWZ_TARGET-gcc)
[ -d "$TWZ_BUILD/musl" ] || die "no $TWZ_BUILD/musl; run ./build.sh bootstrap"
musl=$(readlink -f "$TWZ_BUILD/musl")
key=$({
	cat "${BASH_SOURCE[0]}" "$TWZ_TOOLCHAIN/.stamp"
	echo "$TWZ_ROOT"
} | sha256sum | cut -c1-16)

mkdir -p "$TWZ_BUILD"
exec 9>"$place.lock"
flock 9
if [ "$(cat "$place/key" 2>/dev/null)" = "$key" ]; then
	echo "$place/bin"
	exit 0
fi
rm -rf "$place" "$place.new"
mkdir -p "$place.new/obj"
(
	cd "$place.new/obj"
	"$musl/configure" --prefix=/ --target=x86_64-linux-musl --disable-shared --disable-wrapper CFLAGS=-O2 \
		CC="$gcc" AR="$TWZ_TOOLCHAIN/bin/$TWZ_TARGET-ar" RANLIB="$TWZ_TOOLCHAIN/bin/$TWZ_TARGET-ranlib"
	make -j"$TWZ_JOBS" install-libs DESTDIR="$place.new"
) >"$place.log" 2>&1 || die "linux-musl: plain musl does not build; see $place.log"
rm -rf "$place.new/obj"

# The compiler's own specs name libstd-c and the runtimes; these put musl in their place.
libgcc=$(dirname "$("$gcc" -print-libgcc-file-name)")
cat >"$place.new/musl.specs" <<END
*startfile:
%{shared:;static-pie:$place/lib/rcrt1.o;:$place/lib/crt1.o} $place/lib/crti.o $libgcc/%{static-pie:crtbeginS.o;:crtbegin.o}

*lib:
$place/lib/libc.a

*endfile:
%{mdaz-ftz:crtfastmath.o%s;Ofast|ffast-math|funsafe-math-optimizations:%{!mno-daz-ftz:crtfastmath.o%s}} $libgcc/%{static-pie:crtendS.o;:crtend.o} $place/lib/crtn.o

END
mkdir -p "$place.new/bin"
for language in gcc g++; do
	cat >"$place.new/bin/linux-musl-$language" <<END
#!/bin/sh
# $TWZ_TARGET-$language, linking static Linux programs against plain musl (toolchain/linux-musl.sh).
exec "$TWZ_TOOLCHAIN/bin/$TWZ_TARGET-$language" -static -specs=$place/musl.specs -L$place/lib "\$@"
END
	chmod +x "$place.new/bin/linux-musl-$language"
done
echo "$key" >"$place.new/key"
mv -T "$place.new" "$place"
echo "$place/bin"
