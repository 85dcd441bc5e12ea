# SPDX-License-Identifier: BSD-2-Clause
# zlib, its library and its own test programs (minigzip, example) as static programs.
# shellcheck shell=bash disable=SC2034,SC2154
port_source=zlib
port_shape=static

port_build() {
	CHOST=$host CFLAGS="-O2 -static" ./configure --static --prefix=/usr
	make -j"$TWZ_JOBS" libz.a example minigzip
}

port_install() {
	make install DESTDIR="$root"
	mkdir -p "$root/usr/bin"
	cp minigzip example "$root/usr/bin/"
}
