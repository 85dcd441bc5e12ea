#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The system call fuzzer, shortly: the debug kernel (UBSan, lock order, TLB rule) and the release kernel, on two CPUs, fixed seeds,
# with a store on an NVDIMM and on a disk.
./build.sh fuzz --seconds 6 --seed 20261121 && ./build.sh fuzz --seconds 4 --seed 7 --release --memory 64M --store disk
