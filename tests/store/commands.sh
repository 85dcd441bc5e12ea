#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Each command of twzstore, what it refuses, and its exit codes.
set -eu
export PATH=$PWD/build/toolchain/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build=build/tests/programs

# says CODE TEXT COMMAND...: the command ends with the code and prints the text.
says() {
	local code=$1 text=$2 got=0 out
	shift 2
	out=$("$@" 2>&1) || got=$?
	if [ "$got" != "$code" ] || [[ $out != *"$text"* ]]; then
		echo "FAIL: '$*': exit $got, not $code, or no '$text' in: $out"
		exit 1
	fi
}

cd "$work"
says 0 'usage: twzstore' twzstore --help
says 2 'no such command' twzstore defrag x
says 2 'mkfs FILE' twzstore mkfs x 12345
says 3 'No such file' twzstore check nothing
says 0 '' twzstore mkfs a 64M
says 3 'exists' twzstore mkfs a 32M
says 3 'holds a store already' twzstore mkfs a
says 0 '0 objects, 0 wrong' twzstore check a
echo 'this is something else' >text && truncate -s 1M text
says 3 'not a Twizzler store' twzstore check text
says 3 'not a Twizzler store' twzstore mkfs text
truncate -s 1M zeros
says 3 'no store yet' twzstore check zeros
says 0 '' twzstore mkfs zeros
cp a b && truncate -s 32M b
says 3 'truncated' twzstore ls b
cp a b && printf '\x09' | dd of=b bs=1 seek=8 conv=notrunc status=none
says 3 'another format version' twzstore check b

# with what a machine has made: export, import into another store, walk it there
cd "$OLDPWD"
x86_64-twizzler-run --store "$work/m,blk,size=64M" $build/list_build-static >/dev/null
cd "$work"
says 0 '/list-even' twzstore ls m
says 0 'objects,' twzstore ls -l m
says 0 '0 wrong' twzstore check m
says 3 'not found' twzstore export m out /nothing
says 0 'objects' twzstore export -r m even /list-even
says 0 'objects' twzstore export m odd /list-odd
says 3 'File exists' twzstore export m odd /list-odd
says 0 'objects' twzstore export -a m all
says 3 'exists' twzstore import m odd
says 3 'not a file of twzstore export' twzstore import m a
says 0 '' twzstore mkfs c 64M
says 0 'objects' twzstore import c all
says 0 '0 wrong' twzstore check c
head -c -100 odd >short
says 0 '' twzstore mkfs d 64M
says 3 'damaged or cut off' twzstore import d short
says 0 '0 objects, 0 wrong' twzstore check d
cd "$OLDPWD"
x86_64-twizzler-run --store "$work/e,blk,size=64M" $build/hello-static >/dev/null
cd "$work"
says 0 'objects' twzstore import e even /list-even
even=$(twzstore ls m | grep -c list-)
[ "$even" = 2 ]
if ! twzstore ls -l e | grep -q "$(twzstore ls m | awk '$2 == "/list-odd" {print $1}')"; then
	says 0 'objects' twzstore import e odd /list-odd
fi
twzstore ls e | grep -q '/list-even'
says 0 '0 wrong' twzstore check e

# what nothing leads to: told by check, deleted by repair, and nothing else
says 0 'nothing leads to 0' twzstore check --orphans m
says 0 '' twzstore mkfs f 64M
says 0 'objects' twzstore import f all
says 1 'nothing leads to it' twzstore check --orphans f
cp e f
says 0 'nothing leads to 0' twzstore check --orphans f
cd "$OLDPWD"
x86_64-twizzler-run --store "$work/f,blk" $build/unnamed-static 3 >/dev/null
cd "$work"
says 1 'nothing leads to 3' twzstore check --orphans f
says 1 'nothing leads to 3' twzstore check --orphans f
says 0 '3 deleted that nothing led to' twzstore repair --orphans f
says 0 'nothing leads to 0' twzstore check --orphans f
twzstore ls f | grep -q '/list-even'
cd "$OLDPWD"
x86_64-twizzler-run --store "$work/f,blk" $build/list_walk-static | grep -q 'walked 1000 of 1000 nodes'
cd "$work"

# resize: larger, smaller, not below what is in use
says 0 '' twzstore resize m 192M
says 0 '0 wrong' twzstore check m
[ "$(stat -c %s m)" = $((192 << 20)) ]
says 0 '' twzstore resize m 16M
says 0 '0 wrong' twzstore check m
says 3 'too small' twzstore resize m 64K

# bit flips: found by check, taken out by repair, only on demand
# (records of deleted objects stand there too: the first that matters is taken)
for at in $(LC_ALL=C grep -obaUP 'RECD' m | cut -d: -f1); do
	cp m damaged
	printf '\xff' | dd of=damaged bs=1 seek=$((at + 40)) conv=notrunc status=none
	twzstore check damaged >/dev/null || break
done
says 1 'damaged (checksum)' twzstore check damaged
says 1 'damaged (checksum)' twzstore check damaged
says 1 '1 lost' twzstore repair damaged
says 0 '0 wrong' twzstore check damaged
cp m damaged && printf '\xff' | dd of=damaged bs=1 seek=30 conv=notrunc status=none
says 3 'superblock is damaged' twzstore check damaged
says 0 'taken from its copy' twzstore repair damaged
says 0 '0 wrong' twzstore check damaged
echo "all commands"
