# SPDX-License-Identifier: BSD-2-Clause
# bootstrap: from an empty machine to a built Twizzler: host packages, the cross toolchain, then everything of ours.
# shellcheck shell=bash

. "$TWZ_ROOT/toolchain/host.sh"
. "$TWZ_ROOT/toolchain/farm.sh"

start=$SECONDS
[ -n "${TWZ_HOST_READY:-}" ] || host_install
mkdir -p "$TWZ_CACHE" 2>/dev/null || die "cannot make $TWZ_CACHE; set TWZ_CACHE to a directory of yours"
# Published stages are never changed: only what builds one needs the lock.
if [ -n "$(toolchain_missing)" ]; then
	# A stage holds the lock with its bootstrap: one that outlived a killed bootstrap is ended first.
	exec 9>"$TWZ_CACHE/lock"
	stages_stop
	if ! flock -w 1 9; then
		echo "another bootstrap is using $TWZ_CACHE; waiting for it"
		flock 9
	fi
	need_space "$TWZ_CACHE" "$BOOTSTRAP_SPACE"
fi
stages_run
exec 9>&-
farm_install
if [ -n "$TWZ_RECORDING" ]; then
	# The C library first, so that the record ends with what a plain toolchain has.
	recorded libraries - "$TWZ_ROOT/build.sh" build sysroot-libs
	record_end
fi
# Only x86_64-twizzler-run --xen needs the hypervisor: without it, all the rest stands.
if [ -z "${TWZ_HOST_READY:-}" ]; then
	. "$TWZ_ROOT/toolchain/peers.sh"
	(peer_xen) || echo "bootstrap: going on without Xen; ./build.sh xen fetches it later" >&2
fi
"$TWZ_ROOT/build.sh" build "$@"
echo "bootstrap: done in $(elapsed $((SECONDS - start))); eval \"\$(./build.sh env)\" puts the toolchain on PATH"
