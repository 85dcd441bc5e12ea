# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# SQLite on objects: its shell over a reboot, several programs at once, the machine killed in the middle of changes.
# timeout: 600
set -euo pipefail

fail() {
	echo "FAIL: $*"
	exit 1
}

./build.sh port sqlite
root=$PWD/build/ports/sqlite/root/usr
tests=$PWD/tests/ports/sqlite
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
for program in churn programs; do
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

# Each round is killed when it has committed some more; what it told is there in the next.
said=0
for round in 1 2 3 4; do
	coproc machine { exec x86_64-twizzler-run --timeout 120 --store disk,nvdimm ./churn /store/churn.db change "$said"; }
	pid=$machine_PID until=$((said + 13 * round))
	while [ "$said" -lt "$until" ]; do
		read -r -t 100 word number <&"${machine[0]}" || fail "round $round stands still at $said"
		case $word in
		said) said=$number ;;
		checked) [ "$number" -ge "$said" ] || fail "only $number of $said rows are there" ;;
		*) fail "$word $number" ;;
		esac
	done
	pkill -9 -P "$pid" # the machine, not the runner
	wait "$pid" || true
done
guest ./churn /store/churn.db check "$said" || fail "rows are lost"
echo "ok: SQLite keeps databases in objects"
