#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Large pages: the release kernel on one CPU with an object store, the debug kernel on two.
. tests/memory/lib.sh
store=$(mktemp /tmp/twizzler-large.XXXXXX)
trap 'rm -f "$store"' EXIT
truncate -s 32M "$store"
OPTIONS=store=required boot_tests kernel.elf large.img -M q35,nvdimm=on -m 128M,slots=1,maxmem=1G \
	-object "memory-backend-file,id=store,share=on,mem-path=$store,size=32M" -device nvdimm,memdev=store &&
	boot_tests kernel-debug.elf large.img -M q35 -m 128M -smp 2
