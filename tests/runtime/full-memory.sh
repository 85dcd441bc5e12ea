#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A file that fills the memory: the write is an error, and the memory is back when the file is gone. With either runtime.
. tests/runtime/lib.sh
for shape in static dynamic; do
	timeout 50 build/toolchain/bin/x86_64-twizzler-run --memory 64M "build/tests/runtime/contract-$shape" full_memory \
		>"$work/out" 2>&1 </dev/null || true
	cat "$work/out"
	grep -q '^ok full_memory$' "$work/out"
done
