# SPDX-License-Identifier: BSD-2-Clause
# A source that is wrong, cut short or out of reach is refused in one line, and leaves nothing behind.
# shellcheck shell=bash
. tests/toolchain/lib.sh

export TWZ_CACHE=$work/cache TWZ_HOST_READY=1
name=$(awk '$1 == "binutils" { sub(".*/", "", $3); print $3 }' toolchain/sources.lock)
pool=$(awk '$1 == "binutils" { print $3 }' toolchain/sources.lock)
mkdir -p "$work/files" "$work/mirror/$(dirname "$pool")"

echo "not binutils" >"$work/files/$name"
TWZ_DISTFILES=$work/files refused 'binutils 2.44: .* has sha256 .*fetch it again' ./build.sh bootstrap
empty "$TWZ_CACHE/distfiles"
empty "$TWZ_CACHE/stages"

rm "$work/files/$name"
TWZ_DISTFILES=$work/files refused "no $name in TWZ_DISTFILES=.*put it there" ./build.sh bootstrap
empty "$TWZ_CACHE/distfiles"

head -c 100000 /dev/zero >"$work/mirror/$pool"
TWZ_DEBIAN_MIRROR=file://$work/mirror refused '\(100000 bytes\) has sha256 .*truncated.*fetch it again' ./build.sh bootstrap
empty "$TWZ_CACHE/distfiles"

TWZ_DEBIAN_MIRROR=http://127.0.0.1:9 refused 'no network to .*TWZ_DISTFILES' ./build.sh bootstrap
empty "$TWZ_CACHE/distfiles"
empty "$TWZ_CACHE/stages"
finish
