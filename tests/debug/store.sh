#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The store, the handlers and the devices by the debug kernel.
. tests/debug/lib.sh
by_debug_kernel rt-store store-list store-killed store-refused handler-counter handler-globals handler-discard random
