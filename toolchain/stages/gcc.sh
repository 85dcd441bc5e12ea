# SPDX-License-Identifier: BSD-2-Clause
# The C and C++ compilers, without any library of the target.
# needs: stage:binutils content:gcc-source
# shellcheck shell=bash

overlay "$DIR_binutils" "$OUT"
export PATH="$DIR_binutils/bin:$PATH"

# All that the compiler takes from the target's headers is that there is a <limits.h>, which its own then goes on to.
mkdir -p obj sysroot/include
touch sysroot/include/limits.h
cd obj
"$DIR_gcc_source/configure" --target=$TWZ_TARGET --prefix=$PREFIX \
	--with-sysroot=$PREFIX/$TWZ_TARGET --with-build-sysroot="$WORK/sysroot" --with-native-system-header-dir=/include \
	CFLAGS="$HOST_FLAGS" CXXFLAGS="$HOST_FLAGS" --enable-checking=release --enable-languages=c,c++ \
	--enable-default-pie --disable-frame-pointer --enable-initfini-array --enable-threads=posix --enable-tls --enable-shared \
	--disable-multilib --disable-nls --disable-lto --disable-plugin --disable-libcc1 --disable-gcov \
	--disable-libgomp --disable-libitm --disable-libssp --disable-libquadmath --disable-libvtv \
	--disable-libsanitizer --disable-libatomic --disable-decimal-float --disable-fixincludes --with-system-zlib \
	--without-zstd --without-isl --with-gnu-as --with-gnu-ld
make -j"$TWZ_JOBS" all-gcc
make install-strip-gcc DESTDIR="$WORK/install"
rm -rf "$WORK/install$PREFIX/share"
cp -a "$WORK/install$PREFIX/." "$OUT/"

# What libgcc reads of the compiler's build directory.
mkdir -p "$OUT/.libgcc/gcc"
find gcc -maxdepth 1 -type f \( -name '*.h' -o -name '*.mvars' -o -name '*.def' \) -exec cp -a {} "$OUT/.libgcc/gcc/" \;
cp -a gcc/include "$OUT/.libgcc/gcc/include"
