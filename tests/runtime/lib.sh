# SPDX-License-Identifier: BSD-2-Clause
# What the contract tests share.
# shellcheck shell=bash
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$PWD

# contracts SHAPE RUNTIME OPTION...: every contract test as that shape, in an empty directory of the host; all must pass.
contracts() {
	local shape=$1 runtime=$2 count
	shift 2
	count=$(grep -c . "$root/build/tests/runtime/functions.inc")
	(cd "$work" && timeout 110 "$root/build/toolchain/bin/x86_64-twizzler-run" "$@" "$root/build/tests/runtime/contract-$shape") \
		>"$work.log" 2>&1 </dev/null || true
	grep -v '^ok ' "$work.log" || true
	grep -q "^runtime: $runtime, $count contracts, [1-9][0-9]* checks, 0 failed\$" "$work.log" || {
		rm -f "$work.log"
		echo "FAIL: not all of $count contracts hold"
		exit 1
	}
	rm -f "$work.log"
}
