# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The image's tools, called by a script: what they print, what they complain of, how they end.
set -euo pipefail

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cat >"$place/tools.sh" <<'END'
/bin/echo -n one; /bin/echo '\n' two
cd /tmp
mkdir -p a/b/c && /bin/echo x >a/b/f
ls a a/b/f
ls -l a/b/f
ls -a a/b
cat a/b/f - a/b/f <<HERE
input
HERE
cat missing; echo "cat $?"
mkdir a; echo "mkdir $?"
mkdir -p a/b/f; echo "mkdir -p $?"
rm a; echo "rm $?"
rm -r a missing; echo "rm -r $?"
rm -f missing; echo "rm -f $?"
ls a; echo "ls $?"
sleep 0.01 0.01; echo "sleep $?"
sleep x; echo "sleep x $?"
/bin/true; echo "true $?"
/bin/false; echo "false $?"
tools; echo "tools $?"
END
cat >"$place/expected" <<'END'
one\n two
a:
b
a/b/f
-rw-r--r--   1          2 a/b/f
c
f
x
input
x
cat: missing: No such file or directory
cat 1
mkdir: a: File exists
mkdir 1
mkdir: a/b/f: File exists
mkdir -p 1
rm: a: Is a directory
rm 1
rm: missing: No such file or directory
rm -r 1
rm -f 0
ls: a: No such file or directory
ls 1
sleep 0
usage: sleep SECONDS...
sleep x 2
true 0
false 1
tools: called as 'tools'; call it by one of: cat echo false ls rm mkdir sleep true
tools 127
END
cd "$place"
x86_64-twizzler-run --timeout 60 image:/bin/sh -c 'exec 2>&1; . ./tools.sh' >output
diff expected output || {
	echo "FAIL: the tools print something else"
	exit 1
}
echo "ok: $(grep -c . output) lines as they should be"
