#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Machines that are killed while a handler runs whose state and log are on a disk.
exec tests/boot/handler-killed.sh blk
