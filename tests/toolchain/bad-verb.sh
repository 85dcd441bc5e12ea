# SPDX-License-Identifier: BSD-2-Clause
# An unknown verb is refused in one line; help lists every verb; a verb of a later release says so and fails.
# shellcheck shell=bash
. tests/toolchain/lib.sh

refused "unknown verb 'frobnicate'; ./build.sh help lists them" ./build.sh frobnicate
refused "'../lib' is no verb" ./build.sh ../lib
refused 'xen create: starting a domU by xl is not in this release' ./build.sh xen create
refused "sdk: .* a later issue" ./build.sh sdk
refused "bench: name one of: .*boot" ./build.sh bench
refused "no benchmark .nosuch.; there are: .*boot" ./build.sh bench nosuch
holds ./build.sh help
for verb in bootstrap build run exec test bench fuzz port iso xen debug sdk env doctor lint clean help; do
	grep -q "^  ${verb}[ :]" "$work/out" || fail "help does not list $verb"
done
holds ./build.sh
finish
