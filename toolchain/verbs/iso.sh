# SPDX-License-Identifier: BSD-2-Clause
# iso: make a bootable ISO (not in this release).
# shellcheck shell=bash

die "iso: the Multiboot2 ISO comes with a later issue; ./build.sh run boots by PVH"
