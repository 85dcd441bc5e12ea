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
# shellcheck disable=SC2086
ninja $quiet -f build/build.ninja -j "$TWZ_JOBS" "$@"
