# SPDX-License-Identifier: BSD-2-Clause
# exec PROGRAM [ARGUMENT...]: boot, run one host-built program, leave with its exit code.
# shellcheck shell=bash

runner=$(installed $TWZ_TARGET-run)
[ $# -gt 0 ] || die "exec: name a program; usage: ./build.sh exec PROGRAM [ARGUMENT...]"
exec "$runner" "$@"
