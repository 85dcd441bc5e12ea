#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The system call fuzzer, shortly: the debug kernel (UBSan, lock order, TLB rule) and the release kernel, on two CPUs, fixed seeds.
# Without a store: with one a known fault of the kernel ends it (docs/plan.md).
./build.sh fuzz --seconds 6 --seed 20261121 --store none && ./build.sh fuzz --seconds 4 --seed 7 --release --memory 64M --store none
