# SPDX-License-Identifier: BSD-2-Clause
# bench NAME: run a benchmark of bench/ beside its peer, and print the ratio.
# shellcheck shell=bash

names=$(find "$TWZ_ROOT/bench" -maxdepth 1 -name '*.py' -o -maxdepth 1 -name '*.sh' | sed 's,.*/,,; s/\.[a-z]*$//' | LC_ALL=C sort | tr '\n' ' ')
[ $# -gt 0 ] || die "bench: name one of: $names"
for file in "$TWZ_ROOT/bench/$1.py" "$TWZ_ROOT/bench/$1.sh"; do
	if [ -f "$file" ]; then
		shift
		exec "$file" "$@"
	fi
done
die "bench: no benchmark '$1'; there are: $names"
