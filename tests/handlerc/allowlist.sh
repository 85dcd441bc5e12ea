#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Links everything on the handler compiler's allowlist and checks that it exists, needs no thread-local
# storage, and issues system calls only in the handler library. Usage: allowlist.sh [TOOLCHAIN]
set -u
here=$(dirname -- "$(readlink -f -- "$0")")
toolchain=$(readlink -f -- "${1:-$here/../../build/toolchain}")
share=$toolchain/share/twizzler/handlerc
prefix=$toolchain/bin/x86_64-twizzler-
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 passed=0

check() { # check NAME CONDITION...: counts one test
	local name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name" >&2
	fi
}

mapfile -t symbols < <(grep -v '^#' "$share/allowlist" | grep .)
check "the list is read" [ "${#symbols[@]}" -gt 100 ]

link() {
	"${prefix}gcc" -nostdlib -static -no-pie -Wl,-T,"$share/handler.ld" -Wl,--no-warn-rwx-segments \
		"${symbols[@]/#/-Wl,--require-defined=}" -o "$work/all.elf" "$share/libtwz_handler.a" -lc -lgcc \
		2>"$work/log" || { cat "$work/log" >&2; return 1; }
}
check "everything links" link

no_tls() { ! "${prefix}readelf" -SW "$work/all.elf" | grep -E '\.t(data|bss) ' | grep -vqE ' 0{6,} 00 '; }
check "no thread-local storage" no_tls

# The functions that hold a system call instruction.
callers() {
	"${prefix}objdump" -d "$work/all.elf" |
		awk '/^[0-9a-f]+ <.*>:$/ { f = substr($2, 2, length($2) - 3) } $NF == "syscall" { print f }' | sort -u
}
only_library() {
	callers | grep -qx twz_commit &&
		! callers | grep -vxE 'twz_(commit|discard|random|handler_start)' >&2
}
check "system calls stand only in the library" only_library

echo "allowlist: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
