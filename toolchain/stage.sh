# SPDX-License-Identifier: BSD-2-Clause
# The stage engine: each stage of the toolchain is keyed by a hash of its inputs, logged, and published by one rename.
# shellcheck shell=bash

. "$TWZ_ROOT/toolchain/sources.sh"

# The stages in order; each is toolchain/stages/NAME.sh and names what it needs in its "# needs:" line:
#   package:P  the lock line and the patches of P     file:F  toolchain/stages/F
#   stage:S    the key of S                           content:S  what S published
mapfile -t TWZ_STAGES <"$TWZ_ROOT/toolchain/stages/order"

# stage_needs NAME: the words of its "# needs:" line.
stage_needs() {
	sed -n 's/^# needs: //p' "$TWZ_ROOT/toolchain/stages/$1.sh"
}

# stage_inputs NAME: all that goes into its key, less comments; fails when a stage it takes the content of is not published.
stage_inputs() {
	local need dir
	sed '/^[[:space:]]*#/d' "$TWZ_ROOT/toolchain/stages/$1.sh" "$TWZ_ROOT/toolchain/stages/common.sh"
	for need in $(stage_needs "$1"); do
		echo "$need"
		case $need in
		package:*)
			lock_line "${need#*:}" | cut -d' ' -f1,2,4 || return 1
			for dir in "$(patch_dir "${need#*:}")"/*.patch; do
				[ ! -f "$dir" ] || sed -n "/^diff /,\$p" "$dir"
			done
			;;
		file:*) sed '/^[[:space:]]*#/d' "$TWZ_ROOT/toolchain/stages/${need#*:}" || return 1 ;;
		stage:*) stage_key "${need#*:}" || return 1 ;;
		content:*)
			dir=$(stage_dir "${need#*:}") || return 1
			cat "$dir/.content" 2>/dev/null || return 1
			;;
		*) die "toolchain/stages/$1.sh: '$need' is no package:, file:, stage: or content:" ;;
		esac
	done
}

# stage_key NAME: the hash of its inputs; stage_know keeps it for later calls of this process.
declare -A TWZ_KEYS
stage_key() {
	local inputs
	if [ -n "${TWZ_KEYS[$1]:-}" ]; then
		echo "${TWZ_KEYS[$1]}"
		return
	fi
	inputs=$(stage_inputs "$1") || return 1
	sha256sum <<<"$inputs" | cut -c1-16
}

stage_know() {
	TWZ_KEYS[$1]=$(stage_key "$1") || unset "TWZ_KEYS[$1]"
}

# stage_dir NAME: where it is published.
stage_dir() {
	local key
	key=$(stage_key "$1") || return 1
	echo "$TWZ_CACHE/stages/$1-$key"
}

# toolchain_missing: the first stage that is not in the cache; nothing when all are.
toolchain_missing() {
	local name dir
	for name in "${TWZ_STAGES[@]}"; do
		stage_know "$name"
		dir=$(stage_dir "$name") && [ -d "$dir" ] && continue
		echo "$name"
		return
	done
}

# stage_run NUMBER NAME: build and publish a stage unless it is published already.
stage_run() {
	local number=$1 name=$2 total=${#TWZ_STAGES[@]} key dir log start tarball need
	stage_know "$name"
	key=$(stage_key "$name") || die "stage $name: cannot compute its key"
	dir=$TWZ_CACHE/stages/$name-$key
	if [ -d "$dir" ]; then
		echo "[$number/$total] $name: in the cache"
		return
	fi
	start=$SECONDS
	log=$TWZ_CACHE/log/$name-$key.log
	mkdir -p "$TWZ_CACHE/log" "$TWZ_CACHE/stages" "$TWZ_CACHE/tmp" "$TWZ_CACHE/work"
	tarball=
	for need in $(stage_needs "$name"); do
		case $need in
		package:*) tarball=$(fetch "${need#*:}") || exit 1 ;;
		esac
	done
	echo "[$number/$total] $name: building, log $log"
	rm -rf "$TWZ_CACHE/work/$name" "$TWZ_CACHE/tmp/$name"
	mkdir -p "$TWZ_CACHE/work/$name" "$TWZ_CACHE/tmp/$name"
	stage_env "$name" "$tarball" bash -euo pipefail -c \
		'. "$TWZ_ROOT/toolchain/lib.sh"; . "$TWZ_ROOT/toolchain/sources.sh"
		. "$TWZ_ROOT/toolchain/stages/common.sh"; cd "$WORK"; . "$TWZ_ROOT/toolchain/stages/$STAGE.sh"' \
		>"$log" 2>&1 </dev/null &
	echo "$$ $!" >"$TWZ_CACHE/running"
	trap 'stage_stop; wait; exit 130' INT TERM HUP
	stage_wait $! "[$number/$total] $name" "$start" || {
		{
			echo "--- last lines of $log"
			tail -n 15 "$log"
		} >&2
		# On a full disk the log may not hold the reason.
		if grep -q 'No space left on device' "$log" || [ "$(df -Pk -- "$TWZ_CACHE" | awk 'NR == 2 { print $4 }')" -lt 16384 ]; then
			die "stage $name failed: disk full; free some space or set TWZ_CACHE to another disk, then run it again"
		fi
		die "stage $name failed after $(elapsed $((SECONDS - start))); see $log, then run it again"
	}
	(cd "$TWZ_CACHE/tmp/$name" && find . -type f ! -name .content -print0 | LC_ALL=C sort -z |
		xargs -0r sha256sum | sha256sum >.content)
	mv -T "$TWZ_CACHE/tmp/$name" "$dir"
	rm -rf "$TWZ_CACHE/work/$name" "$TWZ_CACHE/running"
	trap - INT TERM HUP
	echo "[$number/$total] $name: done in $(elapsed $((SECONDS - start)))"
}

# stage_env NAME TARBALL COMMAND...: become COMMAND, in a process group of its own, with what stage scripts may rely on and little else.
stage_env() {
	local name=$1 tarball=$2 need
	shift 2
	local -a places=()
	for need in $(stage_needs "$name"); do
		case $need in
		stage:* | content:*)
			need=${need#*:}
			places+=("DIR_${need//-/_}=$(stage_dir "$need")")
			;;
		esac
	done
	exec setsid env -i PATH="$PATH" HOME="$HOME" LC_ALL=C TWZ_ROOT="$TWZ_ROOT" TWZ_CACHE="$TWZ_CACHE" \
		TWZ_JOBS="$TWZ_JOBS" TMPDIR="$TWZ_CACHE/work/$name" STAGE="$name" TARBALL="$tarball" \
		WORK="$TWZ_CACHE/work/$name" OUT="$TWZ_CACHE/tmp/$name" "${places[@]}" "$@"
}

# stage_stop: end a stage that is running for a bootstrap which is not, or which is about to end.
stage_stop() {
	local owner group
	[ -f "$TWZ_CACHE/running" ] || return 0
	read -r owner group <"$TWZ_CACHE/running" || return 0
	[ "$owner" = "$$" ] || ! kill -0 "$owner" 2>/dev/null || return 0
	# Only if the number still stands for a stage of this cache.
	if tr '\0' '\n' <"/proc/$group/environ" 2>/dev/null | grep -qF "WORK=$TWZ_CACHE/work/"; then
		kill -9 -- "-$group" 2>/dev/null
	fi
	rm -f "$TWZ_CACHE/running"
}

# stage_wait PID LABEL START: wait for a stage; on a terminal keep the elapsed time on the line.
stage_wait() {
	if [ -t 1 ]; then
		while kill -0 "$1" 2>/dev/null; do
			printf '\r%s: %s ' "$2" "$(elapsed $((SECONDS - $3)))"
			sleep 1
		done
		printf '\r'
	fi
	wait "$1"
}
