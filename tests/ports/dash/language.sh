# SPDX-License-Identifier: BSD-2-Clause
# What a POSIX shell can do without a single program beside it.
# shellcheck shell=sh disable=all
lines() {
	while read -r line; do echo "<$line>"; done
}

echo "$#: $1, $2"
read -r word rest
echo "$rest $word"
x=5
echo "$((x * 8 + 2)) ${unset:-default} ${x:+set} ${#word}"
path=/usr/lib/libx.so.1
echo "${path##*/} ${path%.so*} ${path#/usr}"

for i in a b c; do printf '%s-' "$i"; done
printf '%05d %x\n' 42 255
i=0
until [ "$i" -ge 3 ]; do
	i=$((i + 1))
	[ "$i" = 2 ] && continue
	echo "round $i"
done
case $word in f*) echo matched ;; *) echo not matched ;; esac
shift
echo "$# left: $*"

give() { return "$1"; }
give 3 || echo "gave $?"
if give 0 && ! give 1; then echo both; fi
(x=6; exit 4)
echo "subshell $? left x at $x"

# pipes: a writer that is slower than its reader, one whose reader ends first, the last one's status
{ echo p; echo q; } | lines | lines
i=0
while [ "$i" -lt 3000 ]; do i=$((i + 1)); echo "$i"; done | { read -r first; echo "first $first"; }
true | false
echo "pipe $?"
echo "$(echo "a $(echo nested)"; echo b)"
lines <<END
here $x \$x
	document
END

# files: written, appended to, read again, at positions that all programs of a script share
cd /tmp
echo one >dash-file
echo two >>dash-file
lines <dash-file
{ echo 1; /bin/sh -c 'echo 2'; (echo 3); echo 4; } >dash-shared
lines <dash-shared
{ read -r a; (read -r b; echo "inner $b"); read -r c; echo "outer $a $c"; } <dash-shared
exec 3>dash-three
echo fd3 >&3
/bin/sh -c 'echo child >&3'
exec 3>&-
lines <dash-three
{ echo out; echo err >&2; } >dash-both 2>&1
lines <dash-both
[ -f dash-file ] && [ ! -e dash-gone ] && [ -d . ] && echo tests
echo dash-*
set -C
(echo again >dash-file) 2>/dev/null || echo kept
set +C
umask 027
umask

# programs: their status, environment, the background, exec
/bin/sh -c 'exit 9'
echo "child $?"
GIVEN=value /bin/sh -c 'echo "$GIVEN $0 $1"' zero one
{ /bin/sh -c 'kill -KILL $$'; } 2>/dev/null
echo "killed $?"
(exit 5) &
wait $!
echo "background $?"
echo first | lines & wait
(exec /bin/sh -c 'echo replaced; exit 6')
echo "exec $?"

trap 'echo usr2' USR2
(sleep 0.1; kill -USR2 $$; sleep 0.1; exit 8) &
wait $!
echo "interrupted $?"
wait $!
echo "then $?"
(exit 1) & (exit 2) &
wait
echo "all $?"
trap 'echo usr1' USR1
kill -USR1 $$
trap 'echo left' EXIT
eval 'echo "eval $x"'
. /dev/null
set -- $(echo b a)
echo "$1$2"
while getopts ab: option -a -b value; do echo "$option ${OPTARG:-none}"; done
command -v read
type lines >/dev/null && unset -f lines
exit 0
