#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The soak with the debug kernel: UBSan, lock order and the TLB rule, on one CPU and on four.
exec bash tests/memory/soak.sh --debug --seconds 4
