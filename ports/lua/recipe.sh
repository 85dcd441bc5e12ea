# SPDX-License-Identifier: BSD-2-Clause
# Lua 5.4, the interpreter and compiler as dynamic programs, with dlopen for C modules.
# shellcheck shell=bash disable=SC2034,SC2154
port_source=lua5.4
port_shape=dynamic

port_build() {
	# The plain `lua` target of its Makefile, with what luaconf.h wants for a POSIX system.
	make -C src -j"$TWZ_JOBS" lua luac CC="$CC -std=gnu99" AR="$AR rcu" RANLIB="$RANLIB" \
		SYSCFLAGS="-DLUA_USE_POSIX -DLUA_USE_DLOPEN" SYSLDFLAGS="-Wl,-E" SYSLIBS="-ldl"
}

port_install() {
	make install INSTALL_TOP="$root/usr" INSTALL_MAN="$root/usr/share/man/man1"
}
