#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# mkimage: the same tree gives the same bytes, what a manifest asks for is there, and bad input gives one line.
set -eu
tool=build/libtwz/mkimage
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail()
{
	echo "FAIL: $*"
	exit 1
}

# refuse WORDS ARGUMENT...: fails with 1 and one line that has WORDS, and leaves nothing.
refuse()
{
	local words=$1 status=0
	shift
	"$tool" -o "$work/refused.img" "$@" 2>"$work/error" || status=$?
	[ "$status" = 1 ] || fail "status $status for $*"
	[ "$(wc -l <"$work/error")" = 1 ] || fail "not one line: $(cat "$work/error")"
	grep -qF "$words" "$work/error" || fail "'$words' is not in: $(cat "$work/error")"
	if [ -e "$work/refused.img" ] || [ -e "$work/refused.img.tmp" ]; then
		fail "something is left of $*"
	fi
}

mkdir -p "$work/tree/bin" "$work/tree/empty"
head -c 5000 /dev/urandom >"$work/tree/bin/init"
echo "the-end-of-init" >>"$work/tree/bin/init"
ln -s bin/init "$work/tree/link"
: >"$work/tree/nothing"

"$tool" -o "$work/a.img" --tree "$work/tree" --init /bin/init
cp -a "$work/tree" "$work/copy"
touch "$work/copy/bin/init"
"$tool" -o "$work/b.img" --tree "$work/copy" --init /bin/init
cmp "$work/a.img" "$work/b.img" || fail "the same tree gave other bytes"
"$tool" -o "$work/b.img" --tree "$work/tree" --init /bin/init --nonce other
! cmp -s "$work/a.img" "$work/b.img" || fail "the nonce changes nothing"
[ "$(stat -c %s "$work/a.img")" = $((4096 * (($(stat -c %s "$work/a.img") + 4095) / 4096))) ] || fail "not whole pages"
grep -qaF the-end-of-init "$work/a.img" || fail "the file is not there"

cat >"$work/manifest" <<END
# a comment
dir  /etc 0755
file /etc/motd 0644 $work/tree/nothing
file /bin/init 0755 $work/tree/bin/init
link /init bin/init
END
"$tool" -o "$work/c.img" --manifest "$work/manifest" --init /bin/init

refuse "no such file in the image" --tree "$work/tree" --init /bin/none
refuse "No such file" --tree "$work/none"
echo "file /x 0999 /dev/null" >"$work/bad"
refuse "not an octal mode" --manifest "$work/bad"
echo "what /x" >"$work/bad"
refuse "bad:1" --manifest "$work/bad"
echo "file /x 0644 $work/gone" >"$work/bad"
refuse "gone: No such file" --manifest "$work/bad"
echo "dir x 0755" >"$work/bad"
refuse "starts with '/'" --manifest "$work/bad"
echo "dir /a/../b 0755" >"$work/bad"
refuse "'..'" --manifest "$work/bad"
echo "file /$(printf 'x%.0s' {1..256}) 0644 /dev/null" >"$work/bad"
refuse "longer than 255" --manifest "$work/bad"
echo "mkimage: deterministic; 8 bad inputs refused"
