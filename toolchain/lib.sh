# SPDX-License-Identifier: BSD-2-Clause
# What every verb shares: where things are, how to fail, how to report progress.
# shellcheck shell=bash

TWZ_CACHE=${TWZ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/twizzler}
TWZ_TARGET=x86_64-twizzler
TWZ_BUILD=$TWZ_ROOT/build
TWZ_TOOLCHAIN=$TWZ_BUILD/toolchain
TWZ_JOBS=${TWZ_JOBS:-$(nproc)}
export TWZ_CACHE TWZ_TARGET TWZ_BUILD TWZ_TOOLCHAIN TWZ_JOBS

# die MESSAGE: end with one line that names the mend.
die() {
	echo "build.sh: $*" >&2
	exit 1
}

# sha256 FILE: the hash alone.
sha256() {
	sha256sum -- "$1" | cut -d' ' -f1
}

# elapsed SECONDS: as m:ss.
elapsed() {
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# need_space DIRECTORY MEBIBYTES: fail before the work, not in the middle of it.
need_space() {
	local free
	free=$(df -Pm -- "$1" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$2" ] ||
		die "disk full: $1 has $free MiB free and needs $2; free some or set TWZ_CACHE to another disk"
}
