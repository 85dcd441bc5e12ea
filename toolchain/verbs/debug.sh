# SPDX-License-Identifier: BSD-2-Clause
# debug [OPTION...]: boot with QEMU waiting for gdb on port 1234.
# shellcheck shell=bash

runner=$(installed $TWZ_TARGET-run)
echo "in another terminal: gdb $TWZ_TOOLCHAIN/share/twizzler/kernel.elf -ex 'target remote :1234'"
exec "$runner" --gdb --console "$@"
