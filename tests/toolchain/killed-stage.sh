# SPDX-License-Identifier: BSD-2-Clause
# Kill -9 in any stage: it is not published, and the next bootstrap takes up at that stage. An edit of ours rebuilds no stage.
# shellcheck shell=bash disable=SC2016
. tests/toolchain/lib.sh

fixture
before=
for name in $(cat "$tree/toolchain/stages/order"); do
	cp "$tree/toolchain/stages/$name.sh" "$work/whole"
	echo 'touch "$TWZ_CACHE/here"; sleep 60' >>"$tree/toolchain/stages/$name.sh"
	rm -f "$TWZ_CACHE/here"
	setsid "$tree/build.sh" bootstrap >"$work/out" 2>&1 </dev/null &
	group=$!
	for _ in $(seq 100); do
		[ ! -f "$TWZ_CACHE/here" ] || break
		sleep 0.1
	done
	[ -f "$TWZ_CACHE/here" ] || fail "stage $name never ran"
	# By turns the whole group, and the bootstrap alone, so that its stage outlives it.
	if [ $((checks % 2)) = 0 ]; then kill -9 -- -"$group"; else kill -9 "$group"; fi
	wait "$group" 2>/dev/null || true
	key=$(sed -nE "s/.* $name: building, log .*-([0-9a-f]{16})\.log$/\1/p" "$work/out")
	[ -n "$key" ] || fail "$name has no log"
	[ ! -e "$TWZ_CACHE/stages/$name-$key" ] || fail "$name is published"
	for done in $before; do
		[ -n "$(find "$TWZ_CACHE/stages" -maxdepth 1 -name "$done-????????????????")" ] || fail "$done is lost"
	done
	[ ! -e "$tree/build/toolchain" ] || fail "half a toolchain is installed"
	mv "$work/whole" "$tree/toolchain/stages/$name.sh"
	before="$before $name"
	checks=$((checks + 1))
done

# Ctrl-C ends the stage with the bootstrap.
cp "$tree/toolchain/stages/libstdcxx.sh" "$work/whole"
echo 'echo $$ >"$TWZ_CACHE/here"; sleep 60' >>"$tree/toolchain/stages/libstdcxx.sh"
rm -f "$TWZ_CACHE/here"
"$tree/build.sh" bootstrap >"$work/out" 2>&1 </dev/null &
bootstrap=$!
# It starts no more stages then, but waits for this one.
for _ in $(seq 100); do
	[ ! -s "$TWZ_CACHE/here" ] || ! grep -q 'libatomic: done' "$work/out" || break
	sleep 0.1
done
kill -TERM "$bootstrap"
status=0
wait "$bootstrap" || status=$?
[ "$status" = 130 ] || fail "an interrupted bootstrap exits $status"
! kill -0 "$(cat "$TWZ_CACHE/here")" 2>/dev/null || fail "the stage outlives its interrupted bootstrap"
mv "$work/whole" "$tree/toolchain/stages/libstdcxx.sh"
checks=$((checks + 1))

holds "$tree/build.sh" bootstrap
grep -q 'headers: in the cache' "$work/out" || fail "a stage that stood was built again"
[ "$(cat "$tree/build/toolchain/bin/libstdcxx")" = libstdcxx ] || fail "the toolchain is not laid out"
holds "$tree/build.sh" bootstrap
! grep -q building "$work/out" || fail "a second bootstrap built something"

# A change to a stage's script is a stale toolchain, named; a change to a comment is none.
holds "$tree/build.sh" build
echo '# a comment' >>"$tree/toolchain/stages/libgcc.sh"
holds "$tree/build.sh" build
echo 'true' >>"$tree/toolchain/stages/libgcc.sh"
refused 'the toolchain is stale: stage libgcc has changed inputs; run ./build.sh bootstrap' "$tree/build.sh" build
holds "$tree/build.sh" bootstrap
grep -q 'libgcc: building' "$work/out" || fail "libgcc was not built again"
! grep -q ' gcc: building' "$work/out" || fail "gcc was built again"

# All stages in the cache, but build/toolchain of other ones: that is stale, too.
sed -i 's/^libgcc .*/libgcc 0123456789abcdef/' "$tree/build/toolchain/.stamp"
refused 'the toolchain is stale: .* has another stage libgcc; run ./build.sh bootstrap' "$tree/build.sh" build

# A musl source file that changes, its headers standing, touches no library of GCC's.
echo 'echo changed >"$OUT/other"' >>"$tree/toolchain/stages/musl-source.sh"
holds "$tree/build.sh" bootstrap
grep -q 'headers: building' "$work/out" || fail "the headers were not made again"
! grep -qE '(libgcc|libstdcxx|gcc): building' "$work/out" || fail "a library of GCC's was built again"
finish
