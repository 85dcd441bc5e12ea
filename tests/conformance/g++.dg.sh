# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The fixed part of g++.dg's run tests.
# timeout: 900
exec ./build.sh test --suite g++.dg --jobs 1
