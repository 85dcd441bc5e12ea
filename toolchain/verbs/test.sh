# SPDX-License-Identifier: BSD-2-Clause
# test [FILTER]: build, then run every test (or those whose name holds FILTER); the last line counts them.
# shellcheck shell=bash

"$TWZ_ROOT/build.sh" build all unit-tests
exec python3 "$TWZ_ROOT/tests/run.py" "$@"
