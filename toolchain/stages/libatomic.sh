# SPDX-License-Identifier: BSD-2-Clause
# Atomic operations on what the processor has no instruction for, static and shared.
# needs: content:gcc-source stage:gcc stage:libgcc content:headers file:target.sh
# shellcheck shell=bash
. "$TWZ_ROOT/toolchain/stages/target.sh"

overlay "$DIR_gcc" "$DIR_headers" "$DIR_libgcc" "$WORK/toolchain"
export PATH="$WORK/toolchain/bin:$PATH"
empty_libraries "$WORK/toolchain/$TWZ_TARGET/lib" "$WORK/toolchain/$TWZ_TARGET/include"

named_as_linux
mkdir obj
cd obj
"$DIR_gcc_source/libatomic/configure" --host=$TWZ_TARGET --build="$("$DIR_gcc_source/config.guess")" \
	--prefix=$PREFIX --with-cross-host=yes --with-toolexeclibdir=$PREFIX/$TWZ_TARGET/lib \
	--enable-shared --enable-static --disable-multilib --disable-werror \
	CC="$TWZ_TARGET-gcc" CFLAGS="$TARGET_FLAGS"
make
make install DESTDIR="$WORK/install"
mkdir -p "$OUT/$TWZ_TARGET/lib"
find "$WORK/install" \( -name 'libatomic.a' -o -name 'libatomic.so*' \) -exec cp -a {} "$OUT/$TWZ_TARGET/lib/" \;
