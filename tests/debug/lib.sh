# SPDX-License-Identifier: BSD-2-Clause
# Runs boot tests by the debug kernel, in a tree of their own.
# shellcheck shell=bash
set -euo pipefail

# by_debug_kernel NAME...: run tests/boot/NAME.exp; each must pass.
by_debug_kernel() {
	local root=$PWD work name
	work=$(mktemp -d "$root/build/tests/debug.XXXXXX")
	# shellcheck disable=SC2064
	trap "rm -rf '$work'" EXIT
	mkdir -p "$work/build/tests"
	ln -s "$root"/build/* "$work/build/" 2>/dev/null || true
	# what the guest opens by a name below its /host cannot be a link to elsewhere
	mkdir "$work/build/tests/programs"
	find "$root/build/tests/programs" -maxdepth 1 -type f -exec ln -t "$work/build/tests/programs" {} +
	ln -s "$root/tests" "$root/build.sh" "$root/toolchain" "$root/sysroot" "$work/"
	export TWZ_KERNEL=$root/build/kernel/kernel-debug.elf
	[ -f "$TWZ_KERNEL" ] || {
		echo "FAIL: no $TWZ_KERNEL"
		exit 1
	}
	cd "$work"
	for name; do
		if ! expect -f "tests/boot/$name.exp" >output 2>&1; then
			tail -n 25 output
			echo "FAIL: boot/$name by the debug kernel"
			exit 1
		fi
		echo "ok $name: $(grep -a -c '^+ ' output) boots"
	done
	cd "$root"
}
