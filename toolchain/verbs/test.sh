# SPDX-License-Identifier: BSD-2-Clause
# test [FILTER]: run every test (or those whose name holds FILTER); the last line counts them.
# shellcheck shell=bash

exec python3 "$TWZ_ROOT/tests/run.py" "$@"
