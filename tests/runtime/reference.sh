#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every function of the Runtime ABI in a dynamic program, by the reference runtime, on two processors.
. tests/runtime/lib.sh
contracts dynamic reference --smp 2
