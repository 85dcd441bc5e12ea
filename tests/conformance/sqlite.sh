# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The fixed part of SQLite's own programs.
# timeout: 900
exec ./build.sh test --suite sqlite --jobs 1
