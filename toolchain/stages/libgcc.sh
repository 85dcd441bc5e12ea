# SPDX-License-Identifier: BSD-2-Clause
# The compiler's own library, static and shared, and crtbegin/crtend.
# needs: content:gcc-source stage:gcc content:headers file:target.sh
# shellcheck shell=bash
. "$TWZ_ROOT/toolchain/stages/target.sh"

overlay "$DIR_gcc" "$DIR_headers" "$WORK/toolchain"
export PATH="$WORK/toolchain/bin:$PATH"
empty_libraries "$WORK/toolchain/$TWZ_TARGET/lib" "$WORK/toolchain/$TWZ_TARGET/include"

# libgcc expects to stand two folders below the compiler's build directory, and writes one header into that.
mkdir -p "obj/$TWZ_TARGET/libgcc"
cp -a "$WORK/toolchain/.libgcc/gcc" obj/gcc
cd "obj/$TWZ_TARGET/libgcc"
"$DIR_gcc_source/libgcc/configure" --host=$TWZ_TARGET --build="$("$DIR_gcc_source/config.guess")" \
	--prefix=$PREFIX --with-toolexeclibdir=$PREFIX/$TWZ_TARGET/lib --with-slibdir=$PREFIX/$TWZ_TARGET/lib \
	--enable-shared --enable-threads=posix --disable-multilib --disable-decimal-float --disable-gcov \
	CC="$TWZ_TARGET-gcc" CFLAGS="$TARGET_FLAGS" CXX="$TWZ_TARGET-g++" CXXFLAGS="$TARGET_FLAGS"
make enable_shared=yes MULTIBUILDTOP=
make install MULTIBUILDTOP= DESTDIR="$WORK/install"
cp -a "$WORK/install$PREFIX/." "$OUT/"
