#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The system call fuzzer, shortly: the debug kernel (UBSan, lock order, TLB rule) and the release kernel, on two CPUs, fixed seeds.
# One with a store in an NVDIMM, the other with one on a disk.
./build.sh fuzz --seconds 6 --seed 20261121 --store nvdimm && ./build.sh fuzz --seconds 4 --seed 7 --release --memory 64M --store disk
