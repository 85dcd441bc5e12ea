#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The soak with the debug kernel: UBSan, lock order and the TLB rule, on one CPU and on four.
bash tests/memory/soak.sh --debug --smp 1 --seconds 8 --memory 24M && bash tests/memory/soak.sh --debug --smp 4 --seconds 8
