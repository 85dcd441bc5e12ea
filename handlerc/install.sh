#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the handler compiler below a toolchain: install.sh TOOLCHAIN CC AR [CFLAGS...]
# CC and CFLAGS compile the handler library for the target.
set -eu
here=$(dirname -- "$(readlink -f -- "$0")")
toolchain=$1 cc=$2 ar=$3
shift 3
share=$toolchain/share/twizzler/handlerc
mkdir -p "$toolchain/bin" "$share"
objects=
for source in "$here"/lib/*.c; do
	object=$share/$(basename "$source" .c).o
	# shellcheck disable=SC2086 # CC may be several words
	$cc "$@" -O2 -std=gnu17 -Wall -Wextra -Werror -fPIE -ffreestanding -fno-stack-protector -mno-red-zone \
		-ffunction-sections -fno-asynchronous-unwind-tables -c "$source" -o "$object"
	objects="$objects $object"
done
rm -f "$share/libtwz_handler.a"
# shellcheck disable=SC2086
"$ar" rcsD "$share/libtwz_handler.a" $objects
# shellcheck disable=SC2086
rm -f $objects
install -m 644 "$here"/tool/*.py "$here/handler.ld" "$here/allowlist" "$here/refused" "$share"
install -m 755 "$here/x86_64-twizzler-handlerc" "$toolchain/bin"
