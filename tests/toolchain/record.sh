# SPDX-License-Identifier: BSD-2-Clause
# A bootstrap from an empty cache leaves a record of each stage's time, that no later one changes; bench toolchain refuses what it does not know.
# shellcheck shell=bash disable=SC2016
. tests/toolchain/lib.sh

fixture
sed -i '$i timeout 1 sh -c "while :; do :; done" || true' "$tree/toolchain/stages/gcc.sh"
holds "$tree/build.sh" bootstrap
record=$TWZ_CACHE/record
for name in $(cat "$tree/toolchain/stages/order"); do
	key=$(basename "$TWZ_CACHE/stages/$name-"*)
	grep -qE "^stage $name ${key##*-} [0-9.]+ [0-9.]+ [0-9.]+$" "$record" || fail "no record of $name"
	checks=$((checks + 1))
done
grep -qE "^host .*, [0-9]+ jobs on [0-9]+ CPUs, gcc [0-9]" "$record" || fail "no host is recorded"
grep -qE '^stage libraries - [0-9.]+ [0-9.]+ [0-9.]+$' "$record" || fail "what comes after the stages is not recorded"
awk '$1 == "stage" && ($4 < 0 || $5 < $4) { exit 1 }
	$2 == "gcc" { gcc = $5 - $4 >= 0.9 && $6 > 0 && $6 < 2; ends = $5 }
	$2 == "libgcc" { after = $4 >= ends }
	$1 == "machine" { whole = $2 >= ends && $3 > $4 - 0.5 }
	END { exit !(gcc && after && whole) }' "$record" || fail "the times cannot be: $(cat "$record")"
checks=$((checks + 3))

cp "$record" "$work/first"
holds "$tree/build.sh" bootstrap
rm -rf "$TWZ_CACHE/stages/libgcc-"*
holds "$tree/build.sh" bootstrap
cmp -s "$record" "$work/first" || fail "a bootstrap that found stages has changed the record"
[ ! -e "$record.new" ] || fail "half a record is left"
checks=$((checks + 2))

refused "bench toolchain: unknown argument '--fast'" ./build.sh bench toolchain --fast
refused "bench toolchain: no stage 'clang'" ./build.sh bench toolchain --stage clang
finish
