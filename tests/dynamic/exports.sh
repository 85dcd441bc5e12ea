#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Both runtimes export every function that rt/*.h declares and no other; libtwz_rt.so all of libtwz's headers too.
set -u
. tests/dynamic/lib.sh

tool=build/toolchain/bin/x86_64-twizzler-
sysroot=build/toolchain/x86_64-twizzler

# declared PREFIX HEADER...: the functions that the headers declare and do not define.
declared() {
	local prefix=$1
	shift
	printf '#include <%s>\n' "$@" | "${tool}gcc" -E -P -x c - |
		tr '\n' ' ' | sed 's/{[^{}]*}/;/g; s/{[^{}]*}/;/g; s/{[^{}]*}/;/g' | tr ';' '\n' | grep -v 'static inline' |
		grep -oE "\b${prefix}[a-z0-9_]+ ?\(" | tr -d ' (' | LC_ALL=C sort -u
}

# same TITLE EXPECTED FOUND: two lists must not differ.
same() {
	checks=$((checks + 1))
	if [ "$(wc -l <"$2")" -lt 20 ] || ! LC_ALL=C diff "$2" "$3" >"$work/output"; then
		wrong "$1 (< declared, > exported)"
	fi
}

declared twz_rt_ twizzler/rt.h >"$work/runtime"
"${tool}nm" -D --defined-only "$sysroot/lib/libtwz_rt.so" | awk '{ print $3 }' | LC_ALL=C sort -u >"$work/shared"
grep '^twz_rt_' "$work/shared" >"$work/reference"
"${tool}nm" -g --defined-only "$sysroot/lib/libtwz_rt_min.a" | awk 'NF == 3 && $2 ~ /T|W/ { print $3 }' |
	grep '^twz_rt_' | LC_ALL=C sort -u >"$work/minimal"
same 'runtime-ref and rt/*.h' "$work/runtime" "$work/reference"
same 'runtime-min and rt/*.h' "$work/runtime" "$work/minimal"

mapfile -t headers < <(cd "$sysroot/include" && ls twz/*.h)
declared twz_ "${headers[@]}" | grep -v '^twz_rt_' >"$work/native"
grep -v '^twz_rt_' "$work/shared" >"$work/exported"
LC_ALL=C comm -12 "$work/native" "$work/exported" >"$work/both"
same 'libtwz_rt.so and twz/*.h' "$work/native" "$work/both"

checks=$((checks + 1))
if grep -v '^twz_' "$work/shared" >"$work/output"; then
	wrong 'libtwz_rt.so exports names that are not its own'
fi
finish
