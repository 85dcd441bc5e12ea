# SPDX-License-Identifier: BSD-2-Clause
# This checkout's own toolchain, build/toolchain: the cached stages by hard link, with what Ninja installs laid over.
# shellcheck shell=bash

. "$TWZ_ROOT/toolchain/stage.sh"

# farm_stamp: the key of every stage, one a line; fails, with the stage's name last, when one is not in the cache.
farm_stamp() {
	local name key
	for name in "${TWZ_STAGES[@]}"; do
		stage_know "$name"
		key=${TWZ_KEYS[$name]:-}
		echo "$name $key"
		[ -n "$key" ] && [ -d "$TWZ_CACHE/stages/$name-$key" ] || return 1
	done
}

# farm_check: fail unless build/toolchain is made of what this tree's stages give.
farm_check() {
	local want stage
	[ -f "$TWZ_TOOLCHAIN/.stamp" ] || die "no toolchain in $TWZ_TOOLCHAIN; run ./build.sh bootstrap"
	want=$(farm_stamp) ||
		die "the toolchain is stale: stage $(tail -n 1 <<<"$want" | cut -d' ' -f1) has changed inputs; run ./build.sh bootstrap"
	[ "$want" = "$(cat "$TWZ_TOOLCHAIN/.stamp")" ] && return
	stage=$(grep -vxF -f "$TWZ_TOOLCHAIN/.stamp" <<<"$want" | head -n 1 | cut -d' ' -f1) || true
	die "the toolchain is stale: $TWZ_TOOLCHAIN has another stage ${stage:-list}; run ./build.sh bootstrap"
}

# farm_install: make build/toolchain from the cache, unless it stands.
farm_install() {
	local want name new=$TWZ_TOOLCHAIN.new
	want=$(farm_stamp) || die "stage $(tail -n 1 <<<"$want" | cut -d' ' -f1) is not in the cache; run ./build.sh bootstrap"
	[ "$want" != "$(cat "$TWZ_TOOLCHAIN/.stamp" 2>/dev/null)" ] || return 0
	mkdir -p "$TWZ_BUILD"
	rm -rf "$new"
	mkdir "$new"
	for name in gcc headers libgcc libstdcxx libatomic; do
		cp -al "$(stage_dir "$name")/." "$new/" 2>/dev/null ||
			cp -a --remove-destination "$(stage_dir "$name")/." "$new/" ||
			die "cannot lay out $new; free some space and run it again"
	done
	rm -rf "$new/.content" "$new/.libgcc"
	ln -sfn "$(stage_dir musl-source)" "$TWZ_BUILD/musl"
	ln -sfn "$(stage_dir gcc-source)" "$TWZ_BUILD/gcc-source"
	echo "$want" >"$new/.stamp"
	rm -rf "$TWZ_TOOLCHAIN"
	mv "$new" "$TWZ_TOOLCHAIN"
}
