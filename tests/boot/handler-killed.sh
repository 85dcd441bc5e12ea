#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A machine that is killed while a handler runs every few milliseconds: at each next boot the handler goes on, and its
# log has each tick exactly once. In an NVDIMM, or on the medium that is named.
set -u
medium=${1:-nvdimm}
out=build/tests/handlers
name=killed-$medium
store=$out/$name.img
mkdir -p $out
rm -f "$store"
build/toolchain/bin/x86_64-twizzler-handlerc -o $out/$name.twh -DPERIOD=3 tests/handlers/counter.c || exit 1

# boot SECONDS ARGUMENTS...: runs a machine and kills it
boot() {
	local seconds=$1 group
	shift
	setsid build/toolchain/bin/x86_64-twizzler-run --console --store $store,$medium "$@" \
		</dev/null >>$out/$name.log 2>&1 &
	group=$!
	sleep "$seconds"
	kill -9 -- "-$group" 2>/dev/null || echo "it ended by itself"
	wait "$group" 2>/dev/null
}

boot 2.5 --handler $out/$name.twh
for seconds in 1.71 1.53 1.97 1.62; do
	boot "$seconds"
done

# The log itself is read by a program, at one more boot.
cat >$out/$name.batch <<-END
	build/tests/programs/copy_file-static /store/var/log/counter /host/$out/$name.txt
END
rm -f $out/$name.txt
timeout 60 build/toolchain/bin/x86_64-twizzler-run --store $store,$medium --batch $out/$name.batch || exit 1
ticks=$(wc -l <$out/$name.txt)
if ! cmp -s $out/$name.txt <(seq 1 "$ticks"); then
	echo "FAIL: the log is not 1 to $ticks:"
	diff $out/$name.txt <(seq 1 "$ticks") | head
	exit 1
fi
if [ "$ticks" -lt 100 ]; then
	echo "FAIL: only $ticks ticks in five boots"
	exit 1
fi
rm -f $store
echo "$ticks ticks, each once, over five killed machines"
