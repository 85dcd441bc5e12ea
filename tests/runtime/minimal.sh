#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every function of the Runtime ABI in a static program, by the minimal runtime.
. tests/runtime/lib.sh
contracts static minimal
