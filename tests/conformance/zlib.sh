# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# zlib's own test and example programs.
# timeout: 600
exec ./build.sh test --suite zlib --jobs 1
