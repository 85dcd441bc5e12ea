# SPDX-License-Identifier: BSD-2-Clause
# The stage engine: each stage of the toolchain is keyed by a hash of its inputs, logged, and published by one rename.
# shellcheck shell=bash

. "$TWZ_ROOT/toolchain/sources.sh"
. "$TWZ_ROOT/toolchain/record.sh"

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

# stages_run: build and publish every stage that is not in the cache. Stages that do not need each other run at once; all their
# makes share one job server, so that no more than TWZ_JOBS jobs run and a stage's serial part leaves no CPU idle.
declare -A TWZ_RUNNING=() TWZ_STARTED=() TWZ_BEGAN=()
stages_run() {
	local name left=("${TWZ_STAGES[@]}") next moved pid status
	mkdir -p "$TWZ_CACHE/log" "$TWZ_CACHE/stages" "$TWZ_CACHE/tmp" "$TWZ_CACHE/work" "$TWZ_CACHE/running"
	stages_fetch
	record_begin
	while [ ${#left[@]} -gt 0 ] || [ ${#TWZ_RUNNING[@]} -gt 0 ]; do
		next=()
		moved=
		for name in "${left[@]}"; do
			if [ ${#TWZ_RUNNING[@]} -ge "$TWZ_JOBS" ] || ! stage_ready "$name"; then
				next+=("$name")
				continue
			fi
			moved=yes
			stage_know "$name"
			if [ -d "$(stage_dir "$name")" ]; then
				echo "$(stage_label "$name"): in the cache"
			else
				stage_start "$name"
			fi
		done
		left=("${next[@]}")
		[ -z "$moved" ] || continue
		[ ${#TWZ_RUNNING[@]} -gt 0 ] || die "stages ${left[*]} wait for what no stage gives; mend their '# needs:' lines"
		pid=
		status=0
		stage_wait pid || status=$?
		[ -z "$pid" ] || stage_done "$pid" "$status"
	done
	trap - INT TERM HUP EXIT
	[ -z "${TWZ_SERVER:-}" ] || rm -f "$TWZ_CACHE/jobs"
}

# stages_fetch: the tarballs of all stages that are to be built, before any of them begins.
stages_fetch() {
	local name need
	for name in "${TWZ_STAGES[@]}"; do
		stage_know "$name"
		[ ! -d "$(stage_dir "$name")" ] || continue
		for need in $(stage_needs "$name"); do
			[[ $need != package:* ]] || fetch "${need#*:}" >/dev/null || exit 1
		done
	done
}

# stage_ready NAME: every stage that it needs is published.
stage_ready() {
	local need
	for need in $(stage_needs "$1"); do
		case $need in
		stage:* | content:*) [ -n "${TWZ_KEYS[${need#*:}]:-}" ] && [ -d "$(stage_dir "${need#*:}")" ] || return 1 ;;
		esac
	done
}

# stage_label NAME: its place among the stages, and its name.
stage_label() {
	local number=1 name
	for name in "${TWZ_STAGES[@]}"; do
		[ "$name" != "$1" ] || break
		number=$((number + 1))
	done
	echo "[$number/${#TWZ_STAGES[@]}] $1"
}

# stage_start NAME: begin to build it, in the background.
stage_start() {
	local name=$1 tarball='' need log
	log=$TWZ_CACHE/log/$name-${TWZ_KEYS[$name]}.log
	for need in $(stage_needs "$name"); do
		case $need in
		package:*) tarball=$(fetch "${need#*:}") || { stages_stop; exit 1; } ;;
		esac
	done
	if [ -z "${TWZ_SERVER:-}" ]; then
		# The job server of GNU make: a pipe that holds a byte for each job.
		rm -f "$TWZ_CACHE/jobs"
		mkfifo "$TWZ_CACHE/jobs"
		exec 6<>"$TWZ_CACHE/jobs"
		printf '%*s' "$TWZ_JOBS" '' | tr ' ' '+' >&6
		TWZ_SERVER=yes
	fi
	echo "$(stage_label "$name"): building, log $log"
	rm -rf "$TWZ_CACHE/work/$name" "$TWZ_CACHE/tmp/$name"
	{ mkdir -p "$TWZ_CACHE/work/$name" "$TWZ_CACHE/tmp/$name" && echo reserved >"$TWZ_CACHE/running/$name"; } 2>/dev/null || {
		stages_stop
		die "stage $name failed: cannot write to $TWZ_CACHE, disk full; free some space or set TWZ_CACHE to another disk"
	}
	stage_env "$name" "$tarball" bash "$TWZ_ROOT/toolchain/stage-child.sh" >"$log" 2>&1 </dev/null 6>&- &
	# In place: the block is there already, should the disk have filled up.
	echo "$$ $!" 1<>"$TWZ_CACHE/running/$name"
	TWZ_RUNNING[$!]=$name
	TWZ_STARTED[$name]=$SECONDS
	TWZ_BEGAN[$name]=$(record_clock)
	trap 'stages_stop; exit 130' INT TERM HUP
	# Bash cannot run a trap that comes while it reads a command substitution: it ends then, and so do the stages.
	trap stages_stop EXIT
}

# stage_done PID STATUS: publish a stage that has ended well; else say what it said last, end the others and fail.
stage_done() {
	local name=${TWZ_RUNNING[$1]} log took
	unset "TWZ_RUNNING[$1]"
	rm -f "$TWZ_CACHE/running/$name"
	took=$((SECONDS - TWZ_STARTED[$name]))
	log=$TWZ_CACHE/log/$name-${TWZ_KEYS[$name]}.log
	if [ "$2" != 0 ]; then
		stages_stop
		{
			echo "--- last lines of $log"
			tail -n 15 "$log"
		} >&2
		# On a full disk the log may not hold the reason.
		if grep -q 'No space left on device' "$log" || [ "$(df -Pk -- "$TWZ_CACHE" | awk 'NR == 2 { print $4 }')" -lt 16384 ]; then
			die "stage $name failed: disk full; free some space or set TWZ_CACHE to another disk, then run it again"
		fi
		die "stage $name failed after $(elapsed "$took"); see $log, then run it again"
	fi
	mv -T "$TWZ_CACHE/tmp/$name" "$TWZ_CACHE/stages/$name-${TWZ_KEYS[$name]}"
	rm -rf "$TWZ_CACHE/work/$name"
	record_line "$name" "${TWZ_KEYS[$name]}" "${TWZ_BEGAN[$name]}" "$(sed -n 's/^stage time: .* CPU \(.*\) + \(.*\) s$/\1 \2/p' "$log")"
	echo "$(stage_label "$name"): done in $(elapsed "$took") ($(sed -n 's/^stage time: //p' "$log"))"
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
		WORK="$TWZ_CACHE/work/$name" OUT="$TWZ_CACHE/tmp/$name" JOBS="$TWZ_CACHE/jobs" "${places[@]}" "$@"
}

# stages_stop: end the stages of this bootstrap, and those that have outlived theirs.
stages_stop() {
	local file owner group
	for file in "$TWZ_CACHE/running/"*; do
		[ -f "$file" ] && read -r owner group <"$file" || continue
		[ "$owner" = "$$" ] || ! kill -0 "$owner" 2>/dev/null || continue
		# Only if the number still stands for a stage of this cache.
		if tr '\0' '\n' <"/proc/$group/environ" 2>/dev/null | grep -qF "WORK=$TWZ_CACHE/work/"; then
			kill -9 -- "-$group" 2>/dev/null || true
		fi
		rm -f "$file"
	done
	wait
}

# stage_wait VARIABLE: wait for one of the stages and give its process id; on a terminal keep the elapsed times on the line,
# and return without one every second. Its exit status.
stage_wait() {
	local name text=''
	if [ -t 1 ]; then
		for name in "${TWZ_RUNNING[@]}"; do
			text+="$name $(elapsed $((SECONDS - TWZ_STARTED[$name])))  "
		done
		printf '\r%s' "$text"
		for name in "${!TWZ_RUNNING[@]}"; do
			kill -0 "$name" 2>/dev/null || {
				printf '\r%*s\r' ${#text} ''
				printf -v "$1" %s "$name"
				wait "$name"
				return
			}
		done
		sleep 1
		return 0
	fi
	wait -n -p "$1" "${!TWZ_RUNNING[@]}"
}
