# SPDX-License-Identifier: BSD-2-Clause
# Automake: configure --host=x86_64-twizzler with the toolchain's config.site and config.sub; make check runs in the OS.
# shellcheck shell=bash
. tests/integration/lib.sh
needs autoreconf automake

share=$(dirname "$(command -v x86_64-twizzler-gcc)")/../share/twizzler
sample automake
works autoreconf -i
# The host's knows no Twizzler.
cp "$share/config.sub" .
works ./configure --host=x86_64-twizzler CFLAGS=-O1
says '^checking whether we are cross compiling... yes'
says '^checking size of long... 8'
says '^checking for GNU libc compatible malloc... \(cached\) yes|^checking for fork... yes'
works make check
says '^# TOTAL: 4$'
says '^# PASS:  2$'
says '^# SKIP:  1$'
says '^# XFAIL: 1$'
says '^this is passes$' passes.log
# All by one boot; a test that fails is seen to.
echo 'other text' >data.txt
fails x86_64-twizzler-run --keep make check
says '^FAIL: reads$'
says '^# FAIL:  1$'
finish
