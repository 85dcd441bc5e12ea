# SPDX-License-Identifier: BSD-2-Clause
# test [FILTER]: build, then run every test (or those whose name holds FILTER); the last line counts them.
# test --suite NAME [--full]: build, then run a suite: other people's tests (docs/conformance.md), or the long part of our own:
#   soak     [--seconds N] [--smp N] [--seed N]: threads, objects, views and full memory all at once; nothing may be lost
#   caches   GCC's libraries built again in a cache at another place are the same
#   crash    [--seed N] [--only NAME]: states after power loss, each recovered and checked; planted bugs found
#   images   [--images N] [--seed N]: what power loss can leave on a disk, from recorded writes; each is checked
#   kills    [--kills N] [--medium M] [--load L]: the machine killed at random moments; what was told is there
#   graph    [--nodes N]: a graph over 100 objects is built, and walked at other boots
# shellcheck shell=bash

case ${1:-} in
--*)
	suite=${2:-}
	build() {
		"$TWZ_ROOT/build.sh" build "$@"
	}
	case ${1:-}$suite in
	--suitesoak | --suitecaches | --suitecrash | --suiteimages | --suitekills | --suitegraph)
		shift 2
		cd "$TWZ_ROOT" || exit
		;;
	*)
		if [ "$*" = "--suite list" ]; then
			sed -n 's/^#   \([a-z]*\) *\(\[.*\]\)*:* */\1\t/p' "$TWZ_ROOT/toolchain/verbs/test.sh" | expand -t 11
		else
			build
		fi
		exec python3 "$TWZ_ROOT/tests/conformance/driver/suite.py" "$@"
		;;
	esac
	case $suite in
	soak)
		build kernel memory-tests
		exec bash tests/memory/soak.sh "$@"
		;;
	caches)
		exec bash tests/toolchain/long/caches.sh
		;;
	crash)
		build build/tests/unit/crash build/tests/unit/crash-mutants
		build/tests/unit/crash "$@" && exec build/tests/unit/crash-mutants
		exit 1
		;;
	images)
		build build/tests/unit/store_disk
		exec build/tests/unit/store_disk "$@"
		;;
	kills)
		build
		exec python3 tests/store/kills.py "$@"
		;;
	graph)
		build
		exec expect -f tests/boot/graph.exp "$@"
		;;
	esac
	;;
esac
"$TWZ_ROOT/build.sh" build all unit-tests
exec python3 "$TWZ_ROOT/tests/run.py" "$@"
