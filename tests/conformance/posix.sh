# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The fixed part of the Open POSIX Test Suite.
# timeout: 600
exec ./build.sh test --suite posix --jobs 1
