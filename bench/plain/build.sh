#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What one would write by hand: a GCC/musl cross toolchain for x86_64-linux-musl from the pinned tarballs in TWZ_DISTFILES, each
# stage after the one before. usage: bench/plain/build.sh DIRECTORY LAST-STAGE; used by bench/toolchain.sh.
set -euo pipefail

work=$1 last=$2
distfiles=$TWZ_DISTFILES
patches=$TWZ_ROOT/toolchain/patches
target=x86_64-linux-musl
jobs=${TWZ_JOBS:-$(nproc)}
prefix=$work/toolchain
export MAKEINFO=true PATH="$prefix/bin:$PATH"
TIMEFORMAT='%R %U %S'

rm -rf "$work"
mkdir -p "$work/obj-binutils" "$work/obj-gcc" "$work/obj-musl" "$work/binutils" "$work/gcc" "$work/musl" "$prefix/$target/include"
touch "$prefix/$target/include/limits.h"

# stage NAME: run the function of that name, tell its times, and stop if it is the last one.
stage() {
	local times
	times=$({ time "$1" >"$work/$1.log" 2>&1; } 2>&1)
	echo "stage time: $1 $(tail -n 1 <<<"$times")"
	[ "$1" != "$last" ] || exit 0
}

patched() {
	local file
	for file in "$patches/$1"-*/*.patch; do
		patch -d "$work/$1" -p1 -s -F0 <"$file"
	done
}

binutils() {
	set -e
	tar -xf "$distfiles"/binutils_*.tar.xz -C "$work/binutils" --strip-components=1
	patched binutils
	cd "$work/obj-binutils"
	../binutils/configure --target=$target --prefix="$prefix" --with-sysroot="$prefix/$target" CFLAGS="-O1 -g0" CXXFLAGS="-O1 -g0" \
		--disable-nls --disable-werror --disable-multilib --disable-gprof --disable-gprofng --disable-gdb \
		--disable-shared --without-zstd --with-system-zlib --without-debuginfod \
		--enable-deterministic-archives --enable-default-hash-style=gnu --enable-new-dtags \
		--enable-relro --enable-separate-code --disable-default-execstack
	make -j"$jobs"
	make install-strip
}

gcc() {
	set -e
	tar -xf "$distfiles"/gcc-*.tar.gz -C "$work" --wildcards '*/gcc-*.tar.xz' --strip-components=1
	tar -xf "$work"/gcc-*.tar.xz -C "$work/gcc" --strip-components=1
	patched gcc
	cd "$work/obj-gcc"
	../gcc/configure --target=$target --prefix="$prefix" --with-sysroot="$prefix/$target" --with-native-system-header-dir=/include \
		CFLAGS="-O1 -g0" CXXFLAGS="-O1 -g0" CFLAGS_FOR_TARGET="-O2 -g0" CXXFLAGS_FOR_TARGET="-O2 -g0" \
		--enable-checking=release --enable-languages=c,c++ \
		--enable-default-pie --disable-frame-pointer --enable-initfini-array --enable-threads=posix --enable-tls --enable-shared \
		--disable-multilib --disable-nls --enable-lto --disable-plugin --disable-libcc1 --disable-gcov \
		--disable-libgomp --disable-libitm --disable-libssp --disable-libquadmath --disable-libvtv \
		--disable-libsanitizer --disable-decimal-float --disable-fixincludes --with-system-zlib \
		--without-zstd --without-isl --with-gnu-as --with-gnu-ld --disable-libstdcxx-pch --enable-libstdcxx-time=yes --enable-libstdcxx-filesystem-ts=yes \
		--enable-clocale=generic
	make -j"$jobs" all-gcc
	make install-strip-gcc install-strip-lto-plugin
}

# As in musl-cross-make: musl's headers, then a libgcc without shared parts, with which musl is built; the shared one after it.
libgcc() {
	set -e
	mkdir -p "$work/musl"
	tar -xf "$distfiles"/musl_*.tar.gz -C "$work/musl" --strip-components=1
	patched musl
	rm -f "$prefix/$target/include/limits.h"
	make -C "$work/musl" ARCH=x86_64 prefix= DESTDIR="$prefix/$target" install-headers
	cd "$work/obj-gcc"
	make -j"$jobs" MAKE="make enable_shared=no" all-target-libgcc
	make MAKE="make enable_shared=no" install-target-libgcc
}

libc() {
	set -e
	cd "$work/obj-musl"
	"$work/musl/configure" --prefix= --target=$target CC="$target-gcc" CFLAGS="-O2 -g0"
	make -j"$jobs"
	make install DESTDIR="$prefix/$target"
	cd "$work/obj-gcc"
	make -C $target/libgcc distclean
	make -j"$jobs" all-target-libgcc
	make install-target-libgcc
}

libstdcxx() {
	set -e
	cd "$work/obj-gcc"
	make -j"$jobs" all-target-libstdc++-v3
	make install-target-libstdc++-v3
}

libatomic() {
	set -e
	cd "$work/obj-gcc"
	make -j"$jobs" all-target-libatomic
	make install-target-libatomic
}

for name in binutils gcc libgcc libc libstdcxx libatomic; do
	stage $name
done
