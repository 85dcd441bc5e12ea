# SPDX-License-Identifier: BSD-2-Clause
# The C++ standard library, static and shared.
# needs: content:gcc-source stage:gcc stage:libgcc content:headers file:target.sh
# shellcheck shell=bash
. "$TWZ_ROOT/toolchain/stages/target.sh"

overlay "$DIR_gcc" "$DIR_headers" "$DIR_libgcc" "$WORK/toolchain"
export PATH="$WORK/toolchain/bin:$PATH"
empty_libraries "$WORK/toolchain/$TWZ_TARGET/lib" "$WORK/toolchain/$TWZ_TARGET/include"

named_as_linux
# It looks for libgcc's thread header beside its own build directory; its compiler driver must not ask for the library that
# is being made.
mkdir obj libgcc
ln -s "$DIR_gcc_source/libgcc/gthr-posix.h" libgcc/gthr-default.h
cd obj
"$DIR_gcc_source/libstdc++-v3/configure" --host=$TWZ_TARGET --build="$("$DIR_gcc_source/config.guess")" \
	--prefix=$PREFIX --with-cross-host=yes --with-gxx-include-dir=$PREFIX/$TWZ_TARGET/include/c++/14.2.0 \
	--enable-shared --enable-static --enable-threads=posix --enable-tls --enable-libstdcxx-time=yes --enable-libstdcxx-filesystem-ts=yes \
	--disable-multilib --disable-nls --enable-clocale=generic \
	--disable-libstdcxx-pch --disable-werror \
	CC="$TWZ_TARGET-gcc" CFLAGS="$TARGET_FLAGS" CXX="$TWZ_TARGET-gcc -shared-libgcc -nostdinc++" CXXFLAGS="$TARGET_FLAGS"
make
make install DESTDIR="$WORK/install"
rm -rf "$WORK/install$PREFIX/share"
cp -a "$WORK/install$PREFIX/." "$OUT/"
rm -f "$OUT/$TWZ_TARGET/lib/"*.la "$OUT/$TWZ_TARGET/lib/"*.py
