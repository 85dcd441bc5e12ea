#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every function that the headers declare has a contract test; one that had none would be named.
. tests/runtime/lib.sh
check() {
	python3 tests/runtime/contracts.py --check tests/runtime "$@"
}

check sysroot/include/twizzler/rt/*.h
cp sysroot/include/twizzler/rt/*.h "$work"
sed -i 's/^twz_result twz_rt_fd_close/void *twz_rt_fd_untested(int fd,\n\t\t\t  int more);\n&/' "$work/fd.h"
if check "$work"/*.h >"$work/out"; then
	echo "FAIL: a function without a contract test was not found"
	exit 1
fi
grep -q "fd.h: twz_rt_fd_untested has no contract test" "$work/out"
echo "a function without one is found"
