# SPDX-License-Identifier: BSD-2-Clause
# A second build, in a directory of another name, gives the same kernel, target libraries and image, bit by bit.
# timeout: 900
# shellcheck shell=bash
. tests/toolchain/lib.sh

here=$PWD
other=$work/a/rather/long/way/down
mkdir -p "$other"
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
	[ ! -e "$file" ] || printf '%s\0' "$file"
done | xargs -0 cp --parents -t "$other"
export TWZ_HOST_READY=1
names=(share/twizzler/{kernel.elf,kernel-debug.elf,initial.img} x86_64-twizzler/lib/{libstd-c.so,libstd-c.a,libtwz_rt.so,libtwz_rt_min.a,libunikernel.a})
holds nice -n 5 "$other/build.sh" bootstrap sysroot-libs "${names[@]/#/build/toolchain/}"

cd "$other/build/toolchain"
for name in "${names[@]}"; do
	[ -s "$name" ] || fail "no $name was built"
done
find share/twizzler x86_64-twizzler/lib x86_64-twizzler/include lib/gcc -type f >"$work/files"
differ=
while IFS= read -r name; do
	cmp "$name" "$here/build/toolchain/$name" >>"$work/out" 2>&1 || differ+=" $name"
	checks=$((checks + 1))
done <"$work/files"
[ -z "$differ" ] || fail "two builds differ in$differ"
# The GCC libraries come out of the cache in both; what would make another cache's differ is its path in them. GCC's script for
# headers of a host (install-tools) has it, and nothing here runs that.
cache=${TWZ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/twizzler}
find x86_64-twizzler/lib lib/gcc -type f ! -path '*/install-tools/*' -print0 | xargs -0 grep -laF -- "$cache/" >"$work/out" 2>/dev/null || true
[ ! -s "$work/out" ] || fail "libraries of GCC's name the place where they were built"
finish
