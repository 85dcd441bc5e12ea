# SPDX-License-Identifier: BSD-2-Clause
# What a stage's own process does: wait for a job, run the stage's script, hash what it made, tell the time that it took.
# shellcheck shell=bash
set -euo pipefail

. "$TWZ_ROOT/toolchain/lib.sh"
. "$TWZ_ROOT/toolchain/sources.sh"
. "$TWZ_ROOT/toolchain/stages/common.sh"

# One job is this process's own; make takes more from the same pipe while there are any, and gives them back.
exec 7<"$JOBS" 8>"$JOBS"
IFS= read -r -N 1 _ <&7
trap 'printf + >&8' EXIT
export MAKEFLAGS=" -j --jobserver-auth=7,8"
# The scripts say how many jobs a make may run by itself; here the pipe does.
make() {
	local word
	local -a words=()
	for word; do
		[[ $word == -j* ]] || words+=("$word")
	done
	command make "${words[@]}"
}

# In the background, because `set -e` means nothing where a status is asked for.
TIMEFORMAT='stage time: wall %R s, CPU %U + %S s'
time {
	(
		cd "$WORK"
		. "$TWZ_ROOT/toolchain/stages/$STAGE.sh"
		cd "$OUT"
		find . -type f ! -name .content -print0 | LC_ALL=C sort -z | xargs -0r sha256sum | sha256sum >.content
	) &
	wait $!
}
