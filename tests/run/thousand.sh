# SPDX-License-Identifier: BSD-2-Clause
# A thousand programs in one boot: those that crash, hang, leak, fill memory, flood or leave things fail alone, and nothing is lost.
# shellcheck shell=bash
. tests/run/lib.sh

cp "$program" "$work/tool"
cp build/tests/programs/hello-static "$work/hello"
cp build/tests/programs/mess-static "$work/mess"
cp build/tests/programs/mess-dynamic "$work/dynamic"
cd "$work"

# One of each kind: what each must end with stands before it.
cat >bad <<'END'
@expect=SIGSEGV ./tool null
@expect=SIGFPE ./tool divide
@expect=SIGABRT ./tool abort
@expect=SIGSEGV ./tool stack
@expect=timeout @timeout=0.2 ./tool spin
@expect=timeout @timeout=0.2 ./tool forever
@expect=any @timeout=20 ./tool fill
./tool litter 2
./tool files
./mess threads
./mess objects
./mess leak
./mess flood
./dynamic threads
./dynamic leak
@expect=5 ./tool exit 5
END
kinds=$(wc -l <bad)
{
	cat bad
	echo './hello good' # the image stays ready for the next start
	echo './mess counters'
	# Six rounds of each kind among the good ones.
	for round in 1 2 3 4 5 6; do
		while read -r line; do
			echo "$line"
			for _ in 1 2 3 4 5 6 7 8; do echo './hello good'; done
		done <bad
		if [ $round = 3 ]; then echo './mess counters'; fi
	done
	for _ in $(seq 150); do echo './hello good'; done
	echo './mess counters'
} >list
total=$(wc -l <list)
[ "$total" -gt 1000 ] || fail "only $total programs"

boots 0 --memory 64M --output-limit 1M --results table --batch list </dev/null
complains ": $total as expected, 0 not, of $total; boots: 1$"
# every good one said exactly its words; the flood is counted whole and kept to the limit
[ "$(awk -F'\t' '$2 == "./hello good" && $4 == "exit 0"' table | cut -f 9 | sort -u)" = "$(awk -F'\t' '$2 == "./hello good" { print $9; exit }' table)" ] ||
	fail "good programs differ"
[ "$(awk -F'\t' '$2 == "./hello good" && $9 ~ /good/' table | wc -l)" = $((kinds * 6 * 8 + 151)) ] || fail "a good program said nothing"
[ "$(awk -F'\t' '$2 == "./mess flood" && $7 == 8388608' table | wc -l)" = 7 ] || fail "the flood is not counted whole"
awk -F'\t' '$2 == "./mess counters" { print $9 }' table >counters
# views, threads and objects to the last one; pages but for the kernel's own caches
[ "$(sed 's/ objects.*//' counters | sort -u | wc -l)" = 1 ] || fail "views, threads or objects are lost: $(tr '\n' ' ' <counters)"
[ "$(awk '{ print $5 }' counters | sort -u | wc -l)" = 1 ] || fail "objects are lost: $(tr '\n' ' ' <counters)"
mapfile -t pages < <(sed 's/.* objects \([0-9]*\) pages.*/\1/' counters)
[ "${#pages[@]}" = 3 ] || fail "the counters were not told three times"
[ "${pages[2]}" -le $((pages[0] + 16)) ] || fail "$((pages[2] - pages[0])) pages are lost"
checks=$((checks + 5))
cd "$root"
finish
