# SPDX-License-Identifier: BSD-2-Clause
# run [OPTION...]: boot to a prompt on this terminal; poweroff or Ctrl-A X leaves.
# shellcheck shell=bash

runner=$(installed $TWZ_TARGET-run)
exec "$runner" --console "$@"
