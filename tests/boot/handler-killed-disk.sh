#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Machines that are killed while a handler runs whose state and log are on a disk.
exec bash tests/boot/handler-killed.sh blk
