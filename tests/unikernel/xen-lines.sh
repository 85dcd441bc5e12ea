# SPDX-License-Identifier: BSD-2-Clause
# Under Xen a program's output is the program's alone, even when the hypervisor talks on the same console.
# shellcheck shell=bash
# timeout: 240
set -euo pipefail

if ! ./build.sh xen; then
	echo "no Xen hypervisor"
	exit 77
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
program=build/tests/programs/hello-unikernel
x86_64-twizzler-run $program 0 '(XEN) mine' >"$place/expected" 2>&1
x86_64-twizzler-run --xen --append "loglvl=all guest_loglvl=all" $program 0 '(XEN) mine' >"$place/got" 2>&1
cat "$place/got"
grep -q "'(XEN) mine'" "$place/got" || {
	echo "FAIL: a line of the program's own is gone"
	exit 1
}
cmp "$place/expected" "$place/got" || {
	echo "FAIL: not what the program prints in QEMU"
	exit 1
}
echo "ok: the hypervisor's lines are dropped, the program's stay"
