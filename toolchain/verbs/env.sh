# SPDX-License-Identifier: BSD-2-Clause
# env: print what puts the toolchain on PATH, for eval "$(./build.sh env)".
# shellcheck shell=bash

installed $TWZ_TARGET-gcc >/dev/null
printf 'export PATH=%q:"$PATH"\n' "$TWZ_TOOLCHAIN/bin"
printf 'export CONFIG_SITE=%q\n' "$TWZ_TOOLCHAIN/share/twizzler/config.site"
printf 'export DEJAGNU=%q\n' "$TWZ_TOOLCHAIN/share/twizzler/dejagnu/site.exp"
