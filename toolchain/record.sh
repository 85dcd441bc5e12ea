# SPDX-License-Identifier: BSD-2-Clause
# The record of the last bootstrap that found an empty cache, $TWZ_CACHE/record: what `bench toolchain` compares a plain script with.
# shellcheck shell=bash

# Lines of it: "host" and what stands for this machine; "stage NAME KEY START FINISH CPU" in seconds since the first stage began, tarballs
# being there; "machine WALL CPU OURS": what all of the machine did meanwhile, other work with it, and what of that was the bootstrap's.
TWZ_RECORD=$TWZ_CACHE/record

# record_host: what must be the same for two times to be comparable.
record_host() {
	echo "$(cat /etc/machine-id 2>/dev/null) $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $TWZ_JOBS jobs on $(nproc) CPUs, gcc $(gcc -dumpfullversion 2>/dev/null)"
}

# record_clock: seconds, of an arbitrary but steady origin.
record_clock() {
	cut -d' ' -f1 /proc/uptime
}

# record_busy: CPU seconds that this machine has worked since it started.
record_busy() {
	awk -v hertz="$(getconf CLK_TCK)" '/^cpu / { print ($2 + $3 + $4 + $7 + $8) / hertz }' /proc/stat
}

# record_begin: begin a new record if no stage is there, and else leave it alone.
record_begin() {
	TWZ_RECORDING=
	[ -z "$(ls -A "$TWZ_CACHE/stages")" ] || return 0
	TWZ_RECORDING=$TWZ_RECORD.new
	TWZ_RECORD_START=$(record_clock)
	TWZ_RECORD_BUSY=$(record_busy)
	echo "host $(record_host)" >"$TWZ_RECORDING"
}

# record_line NAME KEY BEGAN "CPU...": this stage has ended now; BEGAN is by record_clock, CPU's words are added.
record_line() {
	[ -n "${TWZ_RECORDING:-}" ] || return 0
	awk -v name="$1" -v key="$2" -v began="$3" -v cpu="$4" -v start="$TWZ_RECORD_START" -v now="$(record_clock)" 'BEGIN {
		split(cpu, of, " ")
		printf "stage %s %s %.1f %.1f %.1f\n", name, key, began - start, now - start, of[1] + of[2]
	}' >>"$TWZ_RECORDING"
}

# recorded NAME KEY COMMAND...: run it, as a stage of the record if there is one.
recorded() {
	local name=$1 key=$2 began
	shift 2
	if [ -z "${TWZ_RECORDING:-}" ]; then
		"$@"
		return
	fi
	began=$(record_clock)
	# Not in a pipe: `times` is about the shell that runs it.
	times >"$TWZ_RECORDING.times"
	"$@" || return
	times >>"$TWZ_RECORDING.times"
	record_line "$name" "$key" "$began" "$(awk 'NR % 2 == 0 {
		for (i = 1; i <= 2; i++) {
			split($i, part, "[ms]")
			sum += (NR == 2 ? -1 : 1) * (60 * part[1] + part[2])
		}
	} END { print sum, 0 }' "$TWZ_RECORDING.times")"
	rm -f "$TWZ_RECORDING.times"
}

# record_end: all has ended well; the record is true.
record_end() {
	[ -n "${TWZ_RECORDING:-}" ] || return 0
	awk -v start="$TWZ_RECORD_START" -v now="$(record_clock)" -v before="$TWZ_RECORD_BUSY" -v busy="$(record_busy)" '
		{ print }
		$1 == "stage" { ours += $6 }
		END { printf "machine %.1f %.1f %.1f\n", now - start, busy - before, ours }' "$TWZ_RECORDING" >"$TWZ_RECORDING.whole"
	mv "$TWZ_RECORDING.whole" "$TWZ_RECORD"
	rm -f "$TWZ_RECORDING"
	TWZ_RECORDING=
}
