# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The tests of dietlibc's test folder.
# timeout: 600
exec ./build.sh test --suite dietlibc --jobs 1
