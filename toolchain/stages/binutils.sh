# SPDX-License-Identifier: BSD-2-Clause
# Assembler, linker and the tools for object files.
# needs: package:binutils
# shellcheck shell=bash

mkdir src obj
tar -xf "$TARBALL" -C src --strip-components=1 --exclude='*/gprofng' --exclude='*/testsuite/*/*'
apply_patches binutils src

cd obj
../src/configure --target=$TWZ_TARGET --prefix=$PREFIX --with-sysroot=$PREFIX/$TWZ_TARGET \
	CFLAGS="$HOST_FLAGS" CXXFLAGS="$HOST_FLAGS" \
	--disable-nls --disable-werror --disable-multilib --disable-gprof --disable-gprofng --disable-gdb \
	--disable-shared --without-zstd --with-system-zlib --without-debuginfod \
	--enable-deterministic-archives --enable-default-hash-style=gnu --enable-new-dtags \
	--enable-relro --enable-separate-code --disable-default-execstack
make
make install-strip DESTDIR="$WORK/install"
rm -rf "$WORK/install$PREFIX/share"
mv "$WORK/install$PREFIX"/* "$OUT/"
