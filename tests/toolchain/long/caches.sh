# SPDX-License-Identifier: BSD-2-Clause
# GCC's libraries for the target come out the same, bit by bit, in a cache at another place. Minutes: ./build.sh test --suite caches.
# shellcheck shell=bash
. tests/toolchain/lib.sh
. toolchain/lib.sh
. toolchain/stage.sh

[ -z "$(toolchain_missing)" ] || fail "stage $(toolchain_missing) is not in $TWZ_CACHE; run ./build.sh bootstrap"
rm -rf "$work"
work=$(mktemp -d "$TWZ_CACHE/another-XXXXXX") # on the cache's disk, for the sake of hard links
other=$work/place/of/another/name
mkdir -p "$other/stages"
again=(libgcc libstdcxx libatomic)
for name in "${TWZ_STAGES[@]}"; do
	[[ " ${again[*]} " == *" $name "* ]] || cp -al "$(stage_dir "$name")" "$other/stages/"
done
(TWZ_CACHE=$other && . toolchain/record.sh && stages_run) || fail "the stages cannot be built in $other"
for name in "${again[@]}"; do
	here=$(stage_dir "$name")
	there=$other/stages/${here##*/}
	diff -r "$here" "$there" >"$work/out" || fail "$name is not the same"
	[ "$(find "$here" -name '*.a' -o -name '*.so.*' | wc -l)" -gt 0 ] || fail "there is no library in $here"
	echo "$name: $(find "$here" -type f | wc -l) files are the same"
	checks=$((checks + 1))
done
finish
