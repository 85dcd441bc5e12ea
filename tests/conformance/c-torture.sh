# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The fixed part of gcc.c-torture/execute, at -O2.
# timeout: 900
exec ./build.sh test --suite c-torture --jobs 1
