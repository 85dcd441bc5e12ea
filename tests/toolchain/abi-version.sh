# SPDX-License-Identifier: BSD-2-Clause
# A toolchain whose libraries are of another ABI version than the tree is refused by the verbs that use it.
# shellcheck shell=bash
. tests/toolchain/lib.sh

fixture
mkdir -p "$tree/sysroot/include/twizzler" "$tree/build/toolchain/bin" "$tree/build/toolchain/x86_64-twizzler/include/twizzler"
installed=$tree/build/toolchain/x86_64-twizzler/include/twizzler/version.h
cp sysroot/include/twizzler/version.h "$tree/sysroot/include/twizzler/"
refused 'no .*/x86_64-twizzler-run; run ./build.sh bootstrap' "$tree/build.sh" exec program
for program in run gcc; do
	printf '#!/bin/sh\necho "ran $*"\n' >"$tree/build/toolchain/bin/x86_64-twizzler-$program"
	chmod +x "$tree/build/toolchain/bin/x86_64-twizzler-$program"
done
sed 's/\(TWZ_ABI_MINOR\) .*/\1 77/' sysroot/include/twizzler/version.h >"$installed"
version=$(awk '/^#define TWZ_ABI_(MAJOR|PATCH) / { print $3 }' sysroot/include/twizzler/version.h | paste -sd.)
for verb in run exec env debug port; do
	refused "the installed toolchain has ABI ${version%.*}\.77\.${version#*.}, this tree has .*; run ./build.sh build" "$tree/build.sh" "$verb" program
done
cp sysroot/include/twizzler/version.h "$installed"
holds "$tree/build.sh" exec program argument
grep -q '^ran program argument$' "$work/out" || fail "exec did not run the program"
finish
