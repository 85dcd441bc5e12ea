# SPDX-License-Identifier: BSD-2-Clause
# Each fuzz target of hostile objects for a moment, from its corpus; 77 where the host has no clang.
# shellcheck shell=bash
# timeout: 300
exec bash tests/hostile/driver/targets.sh --target all --seconds 3 --seed 1
