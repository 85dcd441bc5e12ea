# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# SQLite on objects: its shell over a reboot, several programs at once, copies, limits, the machine killed in
# the middle of changes.
# timeout: 600
set -euo pipefail

fail() {
	echo "FAIL: $*"
	exit 1
}

./build.sh port sqlite
tree=$PWD
root=$PWD/build/ports/sqlite/root/usr
tests=$PWD/tests/ports/sqlite
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
for program in limits programs; do
	x86_64-twizzler-gcc -static -O2 -std=gnu17 -Wall -Wextra -Werror -I"$root/include" -o $program "$tests/$program.c" \
		"$root/lib/libsqlite3.a"
done

guest() {
	x86_64-twizzler-run --timeout 120 --store disk,nvdimm "$@"
}

guest "$root/bin/sqlite3" /store/people.db 'create table people(name, born); insert into people values("Ada", 1815), ("Grace", 1906);'
answer=$(guest "$root/bin/sqlite3" /store/people.db 'select name from people where born > 1900; pragma integrity_check')
[ "$answer" = $'Grace\nok' ] || fail "after a reboot the shell says '$answer'"

for where in /tmp/programs.db /store/programs.db; do
	guest ./programs $where || fail "programs on $where"
done

# kvtest in one boot each: init, then updates over a reboot
x86_64-twizzler-gcc -static -O2 -w -I"$root/include" -o kvtest "$root/../../source/test/kvtest.c" "$root/lib/libsqlite3.a"
guest ./kvtest init /store/kv.db --count 300 --size 2000
guest ./kvtest run /store/kv.db --count 100 --update --random --integrity-check >output || fail "kvtest: $(cat output)"
grep -q 'integrity-check: ok' output || fail "kvtest's database: $(cat output)"

# the tools see a regular file; what they copy is one that any SQLite opens, the host's too
x86_64-twizzler-run --timeout 120 --store disk,nvdimm image:/bin/sh -c '
	ls -l /store/people.db && cat /store/people.db >copy.db && cat copy.db >/store/copy.db && rm /store/people.db &&
	ls /store/people.db' >output 2>&1 && fail "rm leaves the database: $(cat output)"
grep -qE "^-rw.* +$(stat -c %s copy.db) /store/people.db$" output || fail "ls shows $(cat output)"
grep -q 'ls: /store/people.db: No such file' output || fail "after rm: $(cat output)"
answer=$(python3 -c 'import sqlite3; db = sqlite3.connect("copy.db")
print(db.execute("select name from people where born < 1900").fetchone()[0], db.execute("pragma integrity_check").fetchone()[0])')
[ "$answer" = "Ada ok" ] || fail "the host's SQLite reads '$answer' from the copy"
for copy in copy.db /store/copy.db; do
	answer=$(guest "$root/bin/sqlite3" $copy 'insert into people values("Edsger", 1930); select count(*) from people; pragma integrity_check')
	[ "$answer" = $'3\nok' ] || fail "of the copy $copy the shell says '$answer'"
done
answer=$(guest "$root/bin/sqlite3" /store/people.db 'select count(*) from sqlite_schema')
[ "$answer" = 0 ] || fail "a database that was removed comes back with '$answer'"

guest ./limits read-only /store/may-not.db || fail "who may not write"
x86_64-twizzler-run --timeout 200 --memory 768M ./limits full /tmp/full.db || fail "more than a commit may change"

# A machine that is killed, at random moments: what was told is there. More by ./build.sh test --suite kills.
cd "$tree"
python3 tests/store/kills.py --load sqlite --medium nvdimm --kills 4
echo "ok: SQLite keeps databases in objects"
