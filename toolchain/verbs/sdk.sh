# SPDX-License-Identifier: BSD-2-Clause
# sdk: pack the toolchain for machines without this tree (not in this release).
# shellcheck shell=bash

die "sdk: packing comes with a later issue; build/toolchain can be used from any directory: ./build.sh env"
