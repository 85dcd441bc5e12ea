# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the dynamic tests share: run a program and compare its end; the libraries that a loader must refuse.

place=build/tests/dynamic
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
failed=0

# wrong MESSAGE: count a failure and show the program's output.
wrong() {
	echo "FAIL: $1"
	sed 's/^/    | /' "$work/output"
	failed=$((failed + 1))
}

# runs CODE TEXT COMMAND...: it must end with CODE and say TEXT.
runs() {
	local code=$1 text=$2 got
	shift 2
	timeout 60 "$@" >"$work/output" 2>&1 </dev/null
	got=$?
	checks=$((checks + 1))
	if [ "$got" != "$code" ]; then
		wrong "$*: exit code $got, not $code"
	elif [[ $(tr -d '\r' <"$work/output") != *"$text"* ]]; then
		wrong "$*: it does not say '$text'"
	fi
}

# refuses TEXT COMMAND...: the loader must end it with code 127 and one line that says TEXT.
refuses() {
	runs 127 "$@"
	if [ "$(grep -c '^libtwz_rt.so: ' "$work/output")" != 1 ]; then
		wrong "not one line of the loader"
	fi
}

# refuses_all PREFIX [RUNNER...]: a missing library, other ABI versions, foreign and truncated files.
refuses_all() {
	local prefix=$1 size whole
	shift
	local libraries=$work/libraries
	mkdir -p "$libraries"
	cp "$place/${prefix}library" "$place/libcounter.so" "$libraries"
	refuses 'cannot load libbase.so: not found in LD_LIBRARY_PATH, RUNPATH, /lib or /usr/lib, needed by' \
		"$@" "$libraries/${prefix}library"
	cp "$place/other-abi/libbase.so" "$libraries"
	refuses 'libbase.so: made for Twizzler ABI 99.1.0, this system provides ABI' "$@" "$libraries/${prefix}library"
	echo 'this is text' >"$libraries/libbase.so"
	refuses 'libbase.so: the file is shorter than an ELF header' "$@" "$libraries/${prefix}library"
	cp /bin/true "$libraries/libbase.so"
	refuses 'not made for Twizzler' "$@" "$libraries/${prefix}library"
	rm -f "$libraries/libbase.so"
	mkdir "$libraries/libbase.so"
	refuses 'libbase.so: not a regular file' "$@" "$libraries/${prefix}library"
	rmdir "$libraries/libbase.so"
	whole=$(stat -c %s "$place/libbase.so")
	for size in 0 63 64 100 500 4096 $((whole / 4)); do
		head -c "$size" "$place/libbase.so" >"$libraries/libbase.so"
		refuses 'libbase.so: ' "$@" "$libraries/${prefix}library"
	done
}

finish() {
	echo "$checks checks, $failed failed"
	[ "$failed" = 0 ]
	exit
}
