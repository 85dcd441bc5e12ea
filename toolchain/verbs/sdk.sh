# SPDX-License-Identifier: BSD-2-Clause
# sdk: pack the toolchain for machines without this tree (not in this release).
# shellcheck shell=bash

die "sdk: the SDK comes with a later issue; eval "$(./build.sh env)" uses build/toolchain from any directory"
