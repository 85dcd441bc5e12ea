# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# zlib from Debian's source, static: its own example, minigzip against the host's gzip both ways, a damaged file.
# timeout: 300
set -euo pipefail

fail() {
	echo "FAIL: $*"
	exit 1
}

./build.sh port zlib
bin=$PWD/build/ports/zlib/root/usr/bin
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cat sysroot/include/twizzler/*.h kernel/*/*.c >"$place/text"
cp build/toolchain/share/twizzler/kernel.elf "$place/binary"
cd "$place"

x86_64-twizzler-run --timeout 60 "$bin/example" >output || fail "zlib's example exits with $?"
cat output
grep -q 'large_inflate(): OK' output || fail "zlib's example did not come to its end"

for file in text binary; do
	x86_64-twizzler-run --timeout 60 "$bin/minigzip" <"$file" >"$file.gz" || fail "minigzip exits with $?"
	[ "$(stat -c %s "$file.gz")" -lt "$(stat -c %s "$file")" ] || fail "$file.gz is no smaller than $file"
	gzip -dc "$file.gz" | cmp - "$file" || fail "the host's gzip reads something else from $file.gz"
	gzip -9 -c "$file" >"$file.host.gz"
	x86_64-twizzler-run --timeout 60 "$bin/minigzip" -d <"$file.host.gz" >"$file.back" || fail "minigzip -d exits with $?"
	cmp "$file.back" "$file" || fail "minigzip reads something else from the host's file"
done

# by name: the file is replaced by its compressed form and back
cp text named
x86_64-twizzler-run --timeout 60 "$bin/minigzip" named || fail "minigzip FILE exits with $?"
[ ! -e named ] && [ -e named.gz ] || fail "minigzip FILE left: $(ls)"
x86_64-twizzler-run --timeout 60 "$bin/minigzip" -d named.gz || fail "minigzip -d FILE exits with $?"
cmp named text || fail "the round trip by name changed the file"

head -c 5000 text.gz >cut.gz
code=0
x86_64-twizzler-run --timeout 60 "$bin/minigzip" -d <cut.gz >/dev/null 2>errors || code=$?
[ "$code" = 1 ] || fail "a truncated file comes out as $code"
echo "ok: zlib and the host's gzip read each other"
