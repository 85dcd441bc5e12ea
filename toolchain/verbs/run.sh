# SPDX-License-Identifier: BSD-2-Clause
# run [OPTION...]: boot to a prompt on this terminal; poweroff or Ctrl-A X leaves.
# shellcheck shell=bash

runner=$TWZ_TOOLCHAIN/bin/$TWZ_TARGET-run
[ -x "$runner" ] || die "no $runner; run ./build.sh bootstrap"
exec "$runner" --console "$@"
