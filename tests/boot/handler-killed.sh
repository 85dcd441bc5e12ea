#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A machine that is killed while a handler runs every few milliseconds: at each next boot the handler goes on, and its
# log has each tick exactly once.
set -u
out=build/tests/handlers
store=$out/killed.img
mkdir -p $out
rm -f $store
build/toolchain/bin/x86_64-twizzler-handlerc -o $out/quick.twh -DPERIOD=3 tests/handlers/counter.c || exit 1

# boot SECONDS ARGUMENTS...: runs a machine and kills it
boot() {
	local seconds=$1 group
	shift
	setsid build/toolchain/bin/x86_64-twizzler-run --console --store $store,nvdimm "$@" \
		</dev/null >>$out/killed.log 2>&1 &
	group=$!
	sleep "$seconds"
	kill -9 -- "-$group" 2>/dev/null || echo "it ended by itself"
	wait "$group" 2>/dev/null
}

boot 2.5 --handler $out/quick.twh
for seconds in 1.71 1.53 1.97 1.62; do
	boot "$seconds"
done

# The log itself is read by a program, at one more boot.
cat >$out/killed.batch <<-END
	build/tests/programs/copy_file-static /store/var/log/counter /host/$out/killed.txt
END
rm -f $out/killed.txt
timeout 60 build/toolchain/bin/x86_64-twizzler-run --store $store,nvdimm --batch $out/killed.batch || exit 1
ticks=$(wc -l <$out/killed.txt)
if ! cmp -s $out/killed.txt <(seq 1 "$ticks"); then
	echo "FAIL: the log is not 1 to $ticks:"
	diff $out/killed.txt <(seq 1 "$ticks") | head
	exit 1
fi
if [ "$ticks" -lt 100 ]; then
	echo "FAIL: only $ticks ticks in five boots"
	exit 1
fi
rm -f $store
echo "$ticks ticks, each once, over five killed machines"
