# SPDX-License-Identifier: BSD-2-Clause
# xen: run a unikernel as a real Xen domU (not in this release).
# shellcheck shell=bash

die "xen: the domU comes with a later issue; x86_64-twizzler-run --xen boots a unikernel on Xen as dom0"
