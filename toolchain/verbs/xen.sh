# SPDX-License-Identifier: BSD-2-Clause
# xen: fetch Debian's Xen hypervisor, which x86_64-twizzler-run --xen boots.
# shellcheck shell=bash

. "$TWZ_ROOT/toolchain/peers.sh"

[ $# -eq 0 ] || die "xen $*: starting a domU by xl is not in this release; x86_64-twizzler-run --xen runs a unikernel as dom0"
peer_xen
