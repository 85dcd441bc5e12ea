# SPDX-License-Identifier: BSD-2-Clause
# help: list the verbs.
# shellcheck shell=bash

echo "usage: ./build.sh VERB [arguments]"
echo
for verb in bootstrap build run exec test bench fuzz port iso xen debug sdk env doctor lint clean help; do
	# The second line of each verb's file says what it does.
	sed -n '2s/^# //p' "$TWZ_ROOT/toolchain/verbs/$verb.sh" | sed 's/^/  /'
done
echo
echo "environment:"
echo "  TWZ_CACHE=$TWZ_CACHE (built stages, shared by all checkouts)"
echo "  TWZ_DISTFILES=directory (source tarballs for work without a network), TWZ_DEBIAN_MIRROR=URL, TWZ_JOBS=$TWZ_JOBS"
