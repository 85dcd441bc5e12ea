# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The fixed part of libstdc++'s own run tests.
# timeout: 900
exec ./build.sh test --suite libstdc++ --jobs 1
