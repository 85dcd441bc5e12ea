# SPDX-License-Identifier: BSD-2-Clause
# dash, the POSIX shell: a dynamic program, so that it is small and no change inside a library makes it stale.
# shellcheck shell=bash disable=SC2034,SC2154
port_source=dash
port_shape=dynamic

port_build() {
	# Its generators run on the build host; no line editing, whose library is not ported.
	./configure --host="$host" --prefix= --without-libedit CC_FOR_BUILD="${BUILD_CC:-cc}" \
		CFLAGS="-O2 -g0 -ffile-prefix-map=$PWD=."
	make -j"$TWZ_JOBS"
}

port_install() {
	mkdir -p "$root/bin"
	cp src/dash "$root/bin/sh"
}
