# SPDX-License-Identifier: BSD-2-Clause
# build [TARGET...]: build everything of ours (or some Ninja targets) with the toolchain that bootstrap made.
# shellcheck shell=bash

. "$TWZ_ROOT/toolchain/farm.sh"

farm_check
command -v ninja >/dev/null || die "no ninja on this host; run ./build.sh bootstrap"
cd "$TWZ_ROOT"
# Ninja itself runs the generator again when a build.py or a folder changes; here it makes the first file.
[ -f build/build.ninja ] || python3 toolchain/ninja.py
# On a terminal Ninja keeps its progress on one line; elsewhere only what goes wrong is worth a line.
quiet=--quiet
[ ! -t 1 ] || quiet=
# One at a time in a checkout: two would write the same files.
exec 8>build/.lock
if ! flock -n 8; then
	echo "another build of this checkout is running; waiting for it" >&2
	flock 8
fi
# shellcheck disable=SC2086
ninja $quiet -f build/build.ninja -j "$TWZ_JOBS" "$@" 8>&-
