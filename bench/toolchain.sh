#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The toolchain from an empty cache, beside a plain script that builds the same configuration stage after stage.
#
# usage: ./build.sh bench toolchain [--plain | --ours] [--stage NAME] [--keep]
#
# Ours is taken from the record of the last bootstrap that found an empty cache, if it was of these stages, on this machine, with these
# jobs; else, and with --ours, a clean copy of the tree is bootstrapped into an empty cache. The plain side, plain/build.sh, is
# always run, but with --ours: the same tarballs, flags and jobs for x86_64-linux-musl, whose C library is musl where ours is
# libstd-c with libtwz and both runtimes. --plain runs nothing else, record or not. --stage
# binutils|gcc|libgcc|libc|libstdcxx|libatomic ends the plain side after that stage; --keep leaves the directories. Tarballs are
# there before the clock starts.
set -euo pipefail

TWZ_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export TWZ_ROOT
. "$TWZ_ROOT/toolchain/lib.sh"
. "$TWZ_ROOT/toolchain/stage.sh"

last=libatomic only='' keep=''
while [ $# -gt 0 ]; do
	case $1 in
	--stage)
		last=${2:-}
		[ $# -lt 2 ] || shift
		;;
	--ours | --plain) only=${1#--} ;;
	--keep) keep=yes ;;
	*) die "bench toolchain: unknown argument '$1'; it takes --plain, --ours, --stage NAME, --keep" ;;
	esac
	shift
done
case $last in
binutils | gcc | libgcc | libc | libstdcxx | libatomic) ;;
*) die "bench toolchain: no stage '$last'; there are binutils gcc libgcc libc libstdcxx libatomic" ;;
esac

place=$TWZ_CACHE/bench/toolchain
rm -rf "$place"
mkdir -p "$place/distfiles"
need_space "$place" 9000
[ -n "$keep" ] || trap 'rm -rf "$place"' EXIT

# record_fits: the record is of this tree's stages, this machine and this number of jobs.
record_fits() {
	local name
	[ "$(head -n 1 "$TWZ_RECORD" 2>/dev/null)" = "host $(record_host)" ] && grep -q '^machine ' "$TWZ_RECORD" || return 1
	for name in "${TWZ_STAGES[@]}"; do
		grep -q "^stage $name $(stage_key "$name") " "$TWZ_RECORD" || return 1
	done
}

# distfiles: the tarballs under their own names, for either side.
distfiles() {
	local name file line path
	for name in binutils gcc musl; do
		file=$(fetch "$name") || exit 1
		line=$(lock_line "$name")
		read -r _ _ path _ <<<"$line"
		ln -f "$file" "$place/distfiles/${path##*/}" 2>/dev/null || cp "$file" "$place/distfiles/${path##*/}"
	done
	export TWZ_DISTFILES=$place/distfiles
}

# logged COMMAND...: run it; its last words if it fails.
logged() {
	"$@" >"$place/log" 2>&1 || {
		tail -n 15 "$place/log" >&2
		keep=yes
		trap - EXIT
		die "bench toolchain: '$*' failed; see $place/log"
	}
}

# ours: a clean copy of the tree is bootstrapped into an empty cache, which leaves its own record.
ours() {
	local tree=$place/tree
	mkdir "$tree"
	(cd "$TWZ_ROOT" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$tree" 2>/dev/null) || true
	logged env TWZ_CACHE="$place/cache" TWZ_HOST_READY=1 TWZ_ROOT="$tree" "$tree/build.sh" bootstrap sysroot-libs
	mv "$place/cache/record" "$TWZ_RECORD"
}

# Each side's table: "stage start finish CPU", seconds since its beginning. Of ours, stages run at once.
ours_table() {
	awk '$1 == "stage" { print $2, $4, $5, $6 }' "$TWZ_RECORD"
}
plain_table() {
	sed -nE 's/^stage time: ([a-z+]+) ([0-9.]+) ([0-9.]+) ([0-9.]+)/\1 \2 \3 \4/p' "$place/log" |
		awk '{ printf "%s %.1f %.1f %.1f\n", $1, sum, sum + $2, $3 + $4; sum += $2 }'
}

# print SIDE: its table, and what it comes to in ${SIDE}_wall and ${SIDE}_cpu.
print() {
	local table sums
	table=$("$1_table")
	awk -v side="$1" 'BEGIN { printf "%s:\n  %-14s %8s %8s %8s %8s\n", side, "stage", "begins s", "ends s", "wall s", "CPU s" }
		{ printf "  %-14s %8.1f %8.1f %8.1f %8.1f\n", $1, $2, $3, $3 - $2, $4; cpu += $4; if ($3 > end) end = $3 }
		END { printf "  %-14s %8s %8.1f %8.1f %8.1f  %.2f CPUs busy\n", "total", "", end, end, cpu, cpu / end }' <<<"$table"
	sums=$(awk '{ cpu += $4; if ($3 > end) end = $3 } END { print end, cpu }' <<<"$table")
	read -r "$1_wall" "$1_cpu" <<<"$sums"
}

echo "host: $(record_host); load $(cut -d' ' -f1 /proc/loadavg) at the start"
distfiles
if [ "$only" = ours ] || { [ -z "$only" ] && ! record_fits; }; then
	ours
elif record_fits; then
	echo "ours: from the bootstrap of $(date -r "$TWZ_RECORD" '+%F %T') that found an empty cache"
fi
if record_fits; then
	print ours
	awk '$1 == "machine" && $3 - $4 > 0.05 * $2 { printf "  other work took %.0f CPU s beside it: %.0f %% of a CPU\n", $3 - $4, 100 * ($3 - $4) / $2 }' "$TWZ_RECORD"
elif [ "$only" != plain ]; then
	die "bench toolchain: the bootstrap left no record in $TWZ_RECORD"
fi
[ "$only" != ours ] || exit 0
busy=$(record_busy)
logged bash "$TWZ_ROOT/bench/plain/build.sh" "$place/plain-work" "$last"
busy=$(awk -v before="$busy" -v after="$(record_busy)" 'BEGIN { print after - before }')
print plain
awk -v busy="$busy" -v cpu="$plain_cpu" -v wall="$plain_wall" \
	'BEGIN { if (busy - cpu > 0.05 * wall) printf "  other work took %.0f CPU s beside it: %.0f %% of a CPU\n", busy - cpu, 100 * (busy - cpu) / wall }'
if [ "$last" = libatomic ] && record_fits; then
	awk -v ow="$ours_wall" -v oc="$ours_cpu" -v pw="$plain_wall" -v pc="$plain_cpu" \
		'BEGIN { printf "ratio ours/plain: wall %.2f (limit 0.95), CPU %.2f\n", ow / pw, oc / pc }'
fi
