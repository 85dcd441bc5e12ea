# SPDX-License-Identifier: BSD-2-Clause
# The C and C++ compilers, without any library of the target.
# needs: stage:binutils content:gcc-source file:gcc-precompiled.mk
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
	--disable-multilib --disable-nls --enable-lto --disable-plugin --disable-libcc1 --disable-gcov \
	--disable-libgomp --disable-libitm --disable-libssp --disable-libquadmath --disable-libvtv \
	--disable-libsanitizer --disable-libatomic --disable-decimal-float --disable-fixincludes --with-system-zlib \
	--without-zstd --without-isl --with-gnu-as --with-gnu-ld
make configure-gcc all-lto-plugin all-libiberty all-libcpp all-libdecnumber all-libbacktrace all-libcody
# Build and host are one machine: its generators can use these libraries as they are.
build=build-$("$DIR_gcc_source/config.guess")
mkdir -p "$build"
ln -s ../libiberty ../libcpp "$build/"
make -C gcc -f "$TWZ_ROOT/toolchain/stages/gcc-precompiled.mk" CFLAGS="$HOST_FLAGS" TWZ_FLAGS="$HOST_FLAGS" \
	LDFLAGS="-static-libstdc++ -static-libgcc"
make install-strip-gcc install-strip-lto-plugin DESTDIR="$WORK/install"
rm -rf "$WORK/install$PREFIX/share"
cp -a "$WORK/install$PREFIX/." "$OUT/"

# What libgcc reads of the compiler's build directory.
mkdir -p "$OUT/.libgcc/gcc"
find gcc -maxdepth 1 -type f \( -name '*.h' -o -name '*.mvars' -o -name '*.def' \) -exec cp -a {} "$OUT/.libgcc/gcc/" \;
cp -a gcc/include "$OUT/.libgcc/gcc/include"
