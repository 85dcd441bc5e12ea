# SPDX-License-Identifier: BSD-2-Clause
# What the compiler promises: its macros and types, no red zone, the canary's place, and what each shape is linked from.
# shellcheck shell=bash
. tests/toolchain/lib.sh

gcc=$PWD/build/toolchain/bin/x86_64-twizzler-gcc
cd "$work"

# line PATTERN: the last output has a line that matches.
line() {
	grep -qE -- "$1" "$work/out" || fail "no line matches '$1'"
	checks=$((checks + 1))
}

# no_line PATTERN: it has none.
no_line() {
	! grep -qE -- "$1" "$work/out" || fail "a line matches '$1'"
	checks=$((checks + 1))
}

holds "$gcc" -dM -E -x c /dev/null
for name in __twizzler__ __unix__ unix __ELF__ __PIE__; do
	line "^#define $name "
done
no_line '__linux__|__gnu_linux__'
line '^#define __INT_FAST16_TYPE__ int$'
line '^#define __INT_FAST32_TYPE__ int$'

cat >limits.c <<'C'
#include <limits.h>
#include <stdint.h>
#include <stddef.h>
#if HOSTED
char path[PATH_MAX];
#endif
long most = LONG_MAX;
uint64_t word = UINT64_MAX;
C
holds "$gcc" -DHOSTED=1 -Wall -Werror -c limits.c
holds "$gcc" -ffreestanding -nostdinc -isystem "$("$gcc" -print-file-name=include)" -c limits.c

cat >leaf.c <<'C'
int leaf(int x) { volatile int y[8]; y[x & 7] = x; return y[0]; }
C
holds "$gcc" -O2 -S -o - leaf.c
no_line '-[0-9]+\(%rsp'
holds "$gcc" -O2 -fstack-protector-all -S -o - leaf.c
line '%fs:40'

# link OPTION...: what the driver would link, one word a line.
link() {
	"$gcc" -### "$@" x.o 2>&1 | grep collect2 | tr -d '"' | tr ' ' '\n' | sed 's,.*/,,' >"$work/out"
}
link
line '^Scrt1.o$'
line '^crtbeginS.o$'
line '^libtwz_rt.so$'
line '^-ltwz_rt$'
line '^-pie$'
link -static
line '^crt1.o$'
line '^-ltwz_rt_min$'
line '^--eh-frame-hdr$'
no_line '^-dynamic-linker$'
link -static-pie
line '^rcrt1.o$'
line '^--no-dynamic-linker$'
link -shared
line '^-shared$'
no_line 'crt1.o$'
link -unikernel
line '^crt1-unikernel.o$'
line '^unikernel.ld$'
line '^-lunikernel$'
line '^--gc-sections$'
no_line '^-unikernel$'
no_line '^-pie$'
for other in -shared -static-pie -pie; do
	if "$gcc" -unikernel $other leaf.c -o leaf 2>"$work/out"; then
		fail "-unikernel $other links"
	fi
	line "-unikernel and $other exclude each other"
done

# Every library of GCC's wants libstd-c.so and no other C library.
lib=$(dirname "$gcc")/../x86_64-twizzler/lib
for name in libgcc_s.so.1 libstdc++.so.6; do
	holds "$(dirname "$gcc")/x86_64-twizzler-readelf" -d "$lib/$name"
	line 'NEEDED.*\[libstd-c.so\]'
	no_line 'NEEDED.*\[libc\.'
done
finish
