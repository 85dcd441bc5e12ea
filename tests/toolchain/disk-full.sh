# SPDX-License-Identifier: BSD-2-Clause
# A full disk is told before the work begins, or, when it fills up in the middle, with the stage's name; no stage is published.
# shellcheck shell=bash
. tests/toolchain/lib.sh

fixture
mkdir "$work/small"
enter=(unshare -m)
"${enter[@]}" mount -t tmpfs -o size=1m none "$work/small" 2>/dev/null || enter=(unshare -rm)
"${enter[@]}" mount -t tmpfs -o size=1m none "$work/small" 2>/dev/null || {
	echo "no right to mount a small file system"
	exit 77
}
# On a file system of 1 MiB, $1 being the space that bootstrap asks for; says what is left in stages.
run_small() {
	"${enter[@]}" bash -c "mount -t tmpfs -o size=1m none '$work/small' &&
		export TWZ_CACHE='$work/small/cache' && sed -i 's/^BOOTSTRAP_SPACE=.*/BOOTSTRAP_SPACE=$1/' '$tree/toolchain/lib.sh' &&
		'$tree/build.sh' bootstrap; status=\$?; ls '$work/small/cache/stages' >'$work/published' 2>/dev/null; exit \$status"
}
refused 'disk full: .* MiB free and needs 6000; free some or set TWZ_CACHE' run_small 6000
[ ! -s "$work/published" ] || fail "published: $(cat "$work/published")"

# shellcheck disable=SC2016
echo 'head -c 4000000 /dev/zero >"$OUT/big"' >>"$tree/toolchain/stages/gcc.sh"
# Another stage that begins while it fills the disk up may be the first to find out.
refused 'stage (gcc|headers|musl-source) failed: (.*, )?disk full; free some' run_small 0
! grep -q '^gcc-[0-9a-f]*$' <(grep -v source "$work/published") || fail "a stage cut short is published"
grep -q '^binutils-' "$work/published" || fail "the stage before it is lost"
finish
