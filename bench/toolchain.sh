#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The toolchain from an empty cache, beside a plain script that builds the same configuration stage after stage.
#
# usage: ./build.sh bench toolchain [--stage NAME] [--ours | --plain] [--keep]
#
# --stage binutils|gcc|libgcc|libc|libstdcxx|libatomic ends both after that stage; --ours and --plain run one side only; --keep
# leaves the directories. Tarballs are fetched before the clock starts. The plain side is plain/build.sh: the same
# tarballs, flags and jobs for x86_64-linux-musl, whose C library is musl where ours is libstd-c.
set -euo pipefail

TWZ_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export TWZ_ROOT
. "$TWZ_ROOT/toolchain/lib.sh"
. "$TWZ_ROOT/toolchain/sources.sh"

last=all sides="ours plain" keep=
while [ $# -gt 0 ]; do
	case $1 in
	--stage)
		last=${2:-}
		shift
		;;
	--ours | --plain) sides=${1#--} ;;
	--keep) keep=yes ;;
	*) die "bench toolchain: unknown argument '$1'; it takes --stage NAME, --ours, --plain, --keep" ;;
	esac
	shift
done
case $last in
all | binutils | gcc | libgcc | libc | libstdcxx | libatomic) ;;
*) die "bench toolchain: no stage '$last'; there are binutils gcc libgcc libc libstdcxx libatomic" ;;
esac

place=$TWZ_CACHE/bench/toolchain
rm -rf "$place"
mkdir -p "$place/distfiles"
need_space "$place" 9000
[ -n "$keep" ] || trap 'rm -rf "$place"' EXIT
for name in binutils gcc musl; do
	file=$(fetch "$name") || exit 1
	line=$(lock_line "$name")
	read -r _ _ path _ <<<"$line"
	ln -f "$file" "$place/distfiles/${path##*/}" 2>/dev/null || cp "$file" "$place/distfiles/${path##*/}"
done
export TWZ_DISTFILES=$place/distfiles

# clocked COMMAND...: run it; its wall and CPU seconds in $wall and $cpu.
clocked() {
	local times
	TIMEFORMAT='%R %U %S'
	times=$({ time "$@" >"$place/log" 2>&1; } 2>&1) || {
		tail -n 15 "$place/log" >&2
		die "bench toolchain: '$*' failed; see $place/log"
	}
	read -r wall cpu _ <<<"$(awk '{ print $1, $2 + $3 }' <<<"$(tail -n 1 <<<"$times")")"
}

# ours: a clean copy of the tree is bootstrapped into an empty cache; a stage's own times stand in its log.
ours() {
	local tree=$place/tree stage order only=
	mkdir "$tree"
	(cd "$TWZ_ROOT" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$tree" 2>/dev/null) || true
	if [ "$last" != all ]; then
		order=$(cat "$tree/toolchain/stages/order")
		case $last in
		binutils) only=binutils ;;
		gcc) only=$'binutils\ngcc-source\ngcc' ;;
		*) only=$(awk -v last="${last/libc/libgcc}" '{ print } $0 == last { exit }' <<<"$order") ;;
		esac
		echo "$only" >"$tree/toolchain/stages/order"
	fi
	clocked env TWZ_CACHE="$place/cache" TWZ_HOST_READY=1 TWZ_ROOT="$tree" bash -c '
		set -euo pipefail
		. "$TWZ_ROOT/toolchain/lib.sh"
		if [ "$1" = all ]; then
			"$TWZ_ROOT/build.sh" bootstrap
		else
			. "$TWZ_ROOT/toolchain/stage.sh"
			stages_run
		fi' bash "$last"
	ours_wall=$wall ours_cpu=$cpu
	for log in "$place"/cache/log/*.log; do
		stage=${log##*/}
		stage=${stage%-*}
		sed -nE "s/^stage time: wall ([0-9.]+) s, CPU ([0-9.]+) \+ ([0-9.]+) s/ours $stage \1 \2 \3/p" "$log"
	done | awk '{ print $1, $2, $3, $4 + $5 }' >"$place/ours"
	awk -v wall="$wall" -v cpu="$cpu" '{ sum += $4 } END { if (cpu - sum > 1) printf "ours everything-of-ours - %.1f\n", cpu - sum }' \
		"$place/ours" >"$place/rest"
	[ "$last" != all ] || cat "$place/rest" >>"$place/ours"
}

plain() {
	clocked bash "$TWZ_ROOT/bench/plain/build.sh" "$place/plain-work" "$last"
	plain_wall=$wall plain_cpu=$cpu
	sed -nE 's/^stage time: ([a-z+]+) ([0-9.]+) ([0-9.]+) ([0-9.]+)/plain \1 \2 \3 \4/p' "$place/log" |
		awk '{ print $1, $2, $3, $4 + $5 }' >"$place/plain"
}

echo "host: $(nproc) CPUs, $(gcc -dumpfullversion) gcc, TWZ_JOBS=$TWZ_JOBS; load $(cut -d' ' -f1 /proc/loadavg) at the start"
for side in $sides; do
	"$side"
	printf '%s:\n  %-22s %9s %9s\n' "$side" stage "wall s" "CPU s"
	awk '{ printf "  %-22s %9s %9.1f\n", $2, $3, $4 }' "$place/$side"
	printf '  %-22s %9.1f %9.1f\n' total "$wall" "$cpu"
done
if [ "$sides" = "ours plain" ]; then
	awk -v ow="$ours_wall" -v oc="$ours_cpu" -v pw="$plain_wall" -v pc="$plain_cpu" \
		'BEGIN { printf "ratio ours/plain: wall %.2f, CPU %.2f (stages of ours run at once: their walls overlap)\n", ow / pw, oc / pc }'
fi
