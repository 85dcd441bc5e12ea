# SPDX-License-Identifier: BSD-2-Clause
# What every verb shares: where things are, how to fail, how to report progress.
# shellcheck shell=bash

TWZ_CACHE=${TWZ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/twizzler}
TWZ_TARGET=x86_64-twizzler
TWZ_BUILD=$TWZ_ROOT/build
TWZ_TOOLCHAIN=$TWZ_BUILD/toolchain
TWZ_JOBS=${TWZ_JOBS:-$(nproc)}
export TWZ_CACHE TWZ_TARGET TWZ_BUILD TWZ_TOOLCHAIN TWZ_JOBS

# What a build from nothing takes at its peak, in MiB.
BOOTSTRAP_SPACE=6000

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

# abi_version FILE: the ABI version in a version.h, as "major.minor.patch".
abi_version() {
	awk '/^#define TWZ_ABI_(MAJOR|MINOR|PATCH) / { printf "%s%s", dot, $3; dot = "." }' "$1" 2>/dev/null
}

# installed PROGRAM: the path of a program in build/toolchain, which must be there and be of this tree's ABI.
installed() {
	local have want
	[ -x "$TWZ_TOOLCHAIN/bin/$1" ] || die "no $TWZ_TOOLCHAIN/bin/$1; run ./build.sh bootstrap"
	have=$(abi_version "$TWZ_TOOLCHAIN/$TWZ_TARGET/include/twizzler/version.h")
	want=$(abi_version "$TWZ_ROOT/sysroot/include/twizzler/version.h")
	[ "$have" = "$want" ] ||
		die "the installed toolchain has ABI ${have:-none}, this tree has $want; run ./build.sh build"
	echo "$TWZ_TOOLCHAIN/bin/$1"
}
