# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Lua 5.4 from Debian's source, dynamic: a program of some size, the compiler's bytecode, exit codes.
# timeout: 300
set -euo pipefail

fail() {
	echo "FAIL: $*"
	exit 1
}

./build.sh port lua
bin=$PWD/build/ports/lua/root/usr/bin
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cp tests/ports/inventory.lua "$place"
cd "$place"

# The digest is what Lua 5.4 prints on Linux.
x86_64-twizzler-run --timeout 60 "$bin/lua" inventory.lua >output || fail "inventory.lua exits with $?"
cat output
grep -qx 'digest: 51dbdbc8' output || fail "inventory.lua computes something else than on Linux"
[ ! -e inventory.tmp ] || fail "inventory.tmp is still there"

x86_64-twizzler-run --timeout 60 "$bin/luac" -s -o inventory.luac inventory.lua || fail "luac exits with $?"
x86_64-twizzler-run --timeout 60 "$bin/lua" inventory.luac >bytecode || fail "the bytecode exits with $?"
cmp output bytecode || fail "the bytecode prints something else"

code=0
echo 'print(select("#", ...), ...) os.exit(7)' | x86_64-twizzler-run --timeout 60 "$bin/lua" - a 'b c' >output || code=$?
[ "$code" = 7 ] || fail "os.exit(7) comes out as $code"
printf '2\ta\tb c\n' | cmp - output || fail "the arguments are $(cat output)"

code=0
x86_64-twizzler-run --timeout 60 "$bin/lua" -e 'error("on purpose")' 2>errors || code=$?
[ "$code" = 1 ] || fail "an error comes out as $code"
grep -q 'on purpose' errors || fail "the error is not told"
echo "ok: Lua computes, compiles, takes arguments and fails as on Linux"
