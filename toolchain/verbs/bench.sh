# SPDX-License-Identifier: BSD-2-Clause
# bench NAME: run a benchmark of bench/ beside its peer, and print the ratio.
# shellcheck shell=bash

names=$(cd "$TWZ_ROOT/bench" && ls -- *.py *.sh 2>/dev/null | sed 's/\.[a-z]*$//' | tr '\n' ' ')
[ $# -gt 0 ] || die "bench: name one of: $names"
for file in "$TWZ_ROOT/bench/$1.py" "$TWZ_ROOT/bench/$1.sh"; do
	if [ -f "$file" ]; then
		shift
		exec "$file" "$@"
	fi
done
die "bench: no benchmark '$1'; there are: $names"
