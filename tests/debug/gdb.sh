# SPDX-License-Identifier: BSD-2-Clause
# ./build.sh debug: gdb over a Unix socket stops in the kernel and in a program by name, and prints threads, views, objects and run queues.
# timeout: 240
# shellcheck shell=bash
. tests/debug/lib.sh

command -v gdb >/dev/null || { echo "no gdb on this host"; exit 77; }

# debugs [OPTION...] PROGRAM [ARGUMENT]: one run with the commands of $work/commands.
debugs() {
	timeout 100 ./build.sh debug --commands "$work/commands" "$@" >"$work/out" 2>"$work/err" </dev/null ||
		fail "debug ends with $?"
	! grep -E 'Python Exception|Error occurred in Python' "$work/out" "$work/err" || fail "the printers fail"
	checks=$((checks + 1))
}

# value NAME: what `echo NAME=` and `output` printed.
value() {
	sed -n "s/^$1=//p" "$work/out" | head -n 1
}

# In the program, then in the kernel on its behalf, then at a line where everything about it is known.
cat >"$work/commands" <<'END'
info line
tbreak sys_object_create
continue
backtrace
delete
break reached
continue
backtrace
print count
twz threads
twz views
twz maps
twz runqueues
python print("made=%016x%016x" % (int(gdb.parse_and_eval("made.hi")), int(gdb.parse_and_eval("made.lo"))))
python gdb.execute("twz objects %016x%016x" % (int(gdb.parse_and_eval("made.hi")), int(gdb.parse_and_eval("made.lo"))))
python print("pages=%d" % int(gdb.parse_and_eval("told.pages")))
python for thread in threads(): print("thread printed:", thread)
python for view in views(): print("view printed:", view)
python for item in objects(): print("object printed:", item)
print *cpus[0]
python print("current=%d" % int(gdb.parse_and_eval("cpus[0]->current->number")))
tbreak view_end
continue
backtrace
END
for shape in static dynamic; do
	debugs $place/look-$shape
	reached=$(line_of REACHED look.c)
	matches out "^Line ($(line_of FIRST look.c)|$(($(line_of FIRST look.c) - 3))) of \"(\./)?tests/debug/source/look\.c\""
	# the kernel by symbol, with its callers' lines
	matches out 'Temporary breakpoint 2, sys_object_create \(user='
	matches out '^#[1-4] .*syscall_dispatch \(frame=.*at (\./)?kernel/syscall/dispatch\.c:[0-9]+'
	# the program by symbol
	matches out "^Breakpoint [0-9]+, (0x[0-9a-f]+ in )?reached \(count=(3|<optimized out>)\)"
	matches out "^#0  .*reached \(.*\) at (\./)?tests/debug/source/look\.c:($reached|$((reached - 1)))"
	matches out '^#1  .*main \(\) at (\./)?tests/debug/source/look\.c:[0-9]+'
	# threads: the four, one on the CPU, three ready in the run queue, with their view
	matches out '^ +[0-9]+ on CPU 0 +[0-9a-f]{12} .* looked-at '
	for i in 0 1 2; do
		matches out "^ +[0-9]+ ready +[0-9a-f]{12} .* worker-$i "
		matches out "^    (queue|levels\[[0-9]+\]): thread [0-9]+ \"worker-$i\" \(ready.*\)$"
		matches out "^thread printed: thread [0-9]+ \"worker-$i\" \(ready.*\)$"
	done
	matches out "^CPU 0: [3-9] ready, [1-9][0-9]* switches; runs thread $(value current) \"looked-at\" \(on CPU 0.*\)$"
	matches out "^.[0-9]+ = CPU 0 \(runs thread $(value current) \"looked-at\" \(on CPU 0.*\); ready: [0-9]+(, [0-9]+){2,}\)$"
	view=$(awk '$2 == "on" && /looked-at/ { print $5 }' "$work/out" | head -n 1)
	matches out "^${view}[0-9a-f]{20} alive +4 +[1-9][0-9]* +0x[0-9a-f]+$"
	matches out "^view printed: view $view \(alive, 4 threads\)$"
	# the object: as many pages as the program was told, at least the seven that it touched, mapped once, writable, under its id
	pages=$(value pages)
	[ "$pages" -ge 7 ] || fail "$pages pages"
	made=$(value made)
	[[ $made =~ ^[0-9a-f]{32}$ ]] || fail "no id of the object"
	matches out "^$made +$pages +1 "
	matches out "^ +0x[0-9a-f]+ rw- +$made +$pages$"
	matches out "^object printed: object $made \($pages pages, 1 maps\)$"
	matches out '^#0  view_end \('
done

# Two CPUs: both run workers or the program.
cat >"$work/commands" <<'END'
break reached
continue
twz runqueues
info threads
END
debugs --smp=2 $place/look-static
matches out '^CPU 0: .* runs thread'
matches out '^CPU 1: .* runs thread'
[ "$(grep -cE '"worker-[0-2]"|"looked-at"' "$work/out")" = 4 ] || fail "not each of the four threads once"
grep -E '^CPU [01]: .*(worker-|looked-at)' "$work/out" | wc -l | grep -qx 2 || fail "a CPU idles beside ready threads"

# A unikernel is kernel and program in one file.
cat >"$work/commands" <<'END'
break fault_in_thread
continue
backtrace
twz threads
END
debugs $place/crash-unikernel thread
matches out "^Temporary breakpoint 1, main \(argc=[0-9]+, argv=0x[0-9a-f]+\) at (\./)?tests/debug/source/crash\.c:"
matches out '^#0  fault_in_thread \(argument=(argument@entry=)?0x[0-9a-f]+\) at '
matches out '^ +[0-9]+ on CPU 0 +[0-9a-f]{12} '

# Symbols of a program's libraries.
cat >"$work/commands" <<'END'
break fault_in_library
continue
backtrace
info symbol pthread_key_create
END
debugs $place/crash-dynamic library
matches out "^#0  fault_in_library \(where=(where@entry=)?(0x0|<optimized out>)\) at (\./)?tests/debug/source/libfault\.c:[0-9]+"
matches out '^#1  .* main \('
matches out '^.*pthread_key_create in section \.text of .*libstd-c\.so'

# Bad words end it with one line that says the mend.
got=0
timeout 20 ./build.sh debug ./missing >"$work/out" 2>"$work/err" </dev/null || got=$?
[ $got -ne 0 ] || fail "a missing program is debugged"
matches err "no program './missing'"
got=0
timeout 20 ./build.sh debug --commands ./missing >"$work/out" 2>"$work/err" </dev/null || got=$?
[ $got -ne 0 ] || fail "missing commands are followed"
matches err "no file './missing'"
finish
