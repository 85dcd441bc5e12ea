# SPDX-License-Identifier: BSD-2-Clause
# bootstrap: from an empty machine to a built Twizzler: host packages, the cross toolchain, then everything of ours.
# shellcheck shell=bash
. "$TWZ_ROOT/toolchain/stage.sh"
mkdir -p "$TWZ_CACHE"
number=0
for name in "${TWZ_STAGES[@]}"; do
	number=$((number + 1))
	stage_run "$number" "$name"
done
