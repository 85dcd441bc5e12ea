# SPDX-License-Identifier: BSD-2-Clause
# What the stages for the target's libraries share.
# shellcheck shell=bash

# TWZ_ABI_MAJOR of sysroot/include/twizzler/version.h. Not read from there: a change of the minor version is to rebuild nothing here.
ABI_MAJOR=0

# Nothing that is made says where it was made.
TARGET_FLAGS+=" -ffile-prefix-map=$DIR_gcc_source=gcc -ffile-prefix-map=$WORK=build"

# named_as_linux: the configure scripts of libatomic and libstdc++ are left as they are: they take the host for what they build
# and ask of it all that they ask of musl on Linux. Only the installed folders carry the target's own name.
named_as_linux() {
	export ac_cv_host=x86_64-twizzler-linux-musl ac_cv_target=x86_64-twizzler-linux-musl
}

# empty_libraries LIB INCLUDE: what the GCC libraries are linked against. libstd-c.so exports every function that the installed
# headers declare and holds none of them, so that configure's link tests answer as the real one would, the GCC libraries
# need it by name, and no change inside libstd-c can make them stale.
empty_libraries() {
	local lib=$1 include=$2 as=$TWZ_TARGET-as ld=$TWZ_TARGET-ld
	mkdir -p "$lib"
	find "$include" -name '*.h' ! -path '*/linux/*' -exec cat {} + |
		grep -o '[A-Za-z_][A-Za-z0-9_]* *(' | tr -d ' (' | LC_ALL=C sort -u |
		grep -vxE 'if|while|for|switch|return|sizeof|defined|main|_init|_fini|_start' |
		awk '{ printf ".globl %s\n.type %s,@function\n%s:\n", $1, $1, $1 } END { print "ret" }' >functions.s
	# Compilers call it, no header declares it.
	printf '.globl __tls_get_addr\n.type __tls_get_addr,@function\n__tls_get_addr: ret\n' >>functions.s
	"$as" -o functions.o functions.s
	"$ld" -shared -soname libstd-c.so -o "$lib/libstd-c.so" functions.o
	"$as" -o nothing.o </dev/null
	"$ld" -shared -soname libtwz_rt.so -o "$lib/libtwz_rt.so" nothing.o
	ln -sf libstd-c.so "$lib/libc.so"
	"$TWZ_TARGET-ar" rcs "$lib/libm.a"
	local start
	for start in crt1 Scrt1 crtn; do
		cp nothing.o "$lib/$start.o"
	done
	# As libstd-c's: the note without which the loader refuses a library. They do with any minor version.
	printf '.section .note.twizzler,"a",@note\n.balign 4\n.long 9,12,1\n.asciz "Twizzler"\n.balign 4\n.long %d,0,0\n' \
		"$ABI_MAJOR" | "$as" -o "$lib/crti.o"
	printf '.globl _start\n_start: call main\n' | "$as" -o "$lib/Scrt1.o"
	cp "$lib/Scrt1.o" "$lib/crt1.o"
}
