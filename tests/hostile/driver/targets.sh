#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# ./build.sh fuzz --target NAME|all|list [--seconds N] [--seed N]: hostile bytes in objects and stores, by libFuzzer.
set -euo pipefail
cd "$(dirname "$0")/../../.."

target='' seconds=60 seed=0
while [ $# -gt 0 ]; do
	case $1 in
	--target | --seconds | --seed)
		[ $# -ge 2 ] || {
			echo "fuzz: $1 wants a value; see ./build.sh help" >&2
			exit 2
		}
		printf -v "${1#--}" %s "$2"
		shift 2
		;;
	*)
		echo "fuzz: --target does not go with '$1'; see ./build.sh help" >&2
		exit 2
		;;
	esac
done
if ! command -v clang >/dev/null || ! echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
	clang -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null; then
	echo "fuzz: no clang with libFuzzer on this host; apt-get install clang"
	exit 77
fi
./build.sh build hostile >&2
program=build/tests/hostile/hostile
case $target in
list) exec "$program" --list ;;
all) targets=$("$program" --list) ;;
*) targets=$target ;;
esac
for name in $targets; do
	"$program" --list | grep -qx -- "$name" || {
		echo "fuzz: no target '$name'; ./build.sh fuzz --target list lists them" >&2
		exit 2
	}
	corpus=build/fuzz/$name log=build/fuzz/$name.log
	mkdir -p "$corpus" "tests/hostile/corpus/$name"
	status=0
	timeout -k 5 $((seconds * 3 + 60)) "$program" "--target=$name" "$corpus" "tests/hostile/corpus/$name" -seed="$seed" \
		-max_total_time="$seconds" -timeout=20 -max_len=240 -len_control=0 -artifact_prefix="build/fuzz/$name-" -rss_limit_mb=3000 \
		-print_final_stats=1 >"$log" 2>&1 || status=$?
	inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	covered=$(grep -o 'cov: [0-9]*' "$log" | tail -1)
	if [ $status -ne 0 ]; then
		grep -m 8 -e 'ERROR' -e 'runtime error' -e '^ *#[0-4] ' -e 'Test unit written' "$log" || tail -5 "$log"
		echo "fuzz: $name failed; the input is build/fuzz/$name-*; again: $program --target=$name FILE"
		exit 1
	fi
	[ "${inputs:-0}" -gt 0 ] || {
		echo "fuzz: $name ran nothing; see $log"
		exit 1
	}
	echo "fuzz: $name: $inputs inputs, ${covered:-cov: 0} edges, nothing found"
done
