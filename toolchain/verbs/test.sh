# SPDX-License-Identifier: BSD-2-Clause
# test [FILTER]: build, then run every test (or those whose name holds FILTER); the last line counts them.
# test --suite NAME: build, then run other people's tests (docs/conformance.md); --suite list names them.
# test --suite soak [--full] [--seconds N] [--smp N] [--seed N]: churn threads, objects, views, memory; look for leaks.
# test --suite caches: GCC's libraries built again in a cache at another place are the same.
# test --suite crash [--full] [--seed N] [--only NAME]: states after power loss, each recovered and checked; planted bugs found.
# shellcheck shell=bash

case ${1:-} in
--*)
	if [ "${1:-} ${2:-}" = "--suite soak" ]; then
		shift 2
		"$TWZ_ROOT/build.sh" build kernel memory-tests
		cd "$TWZ_ROOT" && exec bash tests/memory/soak.sh "$@"
	fi
	if [ "$*" = "--suite caches" ]; then
		cd "$TWZ_ROOT" && exec bash tests/toolchain/long/caches.sh
	fi
	if [ "${1:-} ${2:-}" = "--suite crash" ]; then
		shift 2
		"$TWZ_ROOT/build.sh" build build/tests/unit/crash build/tests/unit/crash-mutants
		"$TWZ_ROOT/build/tests/unit/crash" "$@" && exec "$TWZ_ROOT/build/tests/unit/crash-mutants"
		exit 1
	fi
	[ "$*" = "--suite list" ] || "$TWZ_ROOT/build.sh" build
	exec python3 "$TWZ_ROOT/tests/conformance/driver/suite.py" "$@"
	;;
esac
"$TWZ_ROOT/build.sh" build all unit-tests
exec python3 "$TWZ_ROOT/tests/run.py" "$@"
