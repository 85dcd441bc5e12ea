# SPDX-License-Identifier: BSD-2-Clause
# A crash report names the function, file and line where a program died and those of its callers: each shape, C and C++, threads,
# libraries, libstd-c, faults and signals, whatever the stack holds; and so does a panic.
# timeout: 240
# shellcheck shell=bash
. tests/debug/lib.sh

source=tests/debug/source

# chain PATTERN...: the report's frames are these, #0 first, with nothing between them; more may follow.
chain() {
	local number=0 pattern line
	for pattern; do
		line=$(sed -n "s/^  #$number //p" "$work/err")
		[[ $line =~ ^$pattern$ ]] || fail "#$number is '$line', not '$pattern'"
		number=$((number + 1))
		checks=$((checks + 1))
	done
}

# reached PATTERN...: these are frames of the report in this order, libstd-c's own before and between.
reached() {
	local pattern last=-1 number
	for pattern; do
		number=$(grep -E "^  #[0-9]+ $pattern$" "$work/err" | head -n 1 | sed -E 's/^  #([0-9]+) .*/\1/' || true)
		[ -n "$number" ] || fail "no frame matches '$pattern'"
		[ "$number" -gt "$last" ] || fail "'$pattern' is #$number, after #$last"
		last=$number
		checks=$((checks + 1))
	done
}

# at FUNCTION MARK [FILE]: the pattern of a frame at the marked line.
at() {
	local file=${3:-crash.c} function=$1
	function=${function//(/\\(}
	function=${function//)/\\)}
	echo "$function at \./$source/$file:$(line_of "$2" "$file")"
}

main=$(at main 'CALL way')
for shape in static dynamic unikernel; do
	ends 139 $place/crash-$shape main
	matches err 'killed by SIGSEGV: read of 0x0 \(nothing is mapped there\) at rip 0x[0-9a-f]+$'
	chain "$(at fault_in_main 'CRASH main')" "$main"
	matches err '^  rax [0-9a-f]{16} rbx'
	ends 139 $place/crash-$shape chain
	chain "$(at fault_in_main 'CRASH main')" "$(at middle 'CALL middle')" "$main"
	ends 139 $place/crash-$shape thread
	matches err '^  thread [0-9]+ "the-culprit"$'
	chain "$(at fault_in_thread 'CRASH thread')" "$(at named 'CALL thread')"
	ends 139 $place/crash-$shape handler
	reached "$(at fault_in_main 'CRASH main')"
	ends 139 $place/crash-$shape libc
	chain 'strlen at .*/musl/src/string/strlen\.c:[0-9]+.*' "main at \./$source/crash.c:[0-9]+"
	ends 139 $place/crash-$shape sort
	chain "$(at compare 'CRASH compare')"
	reached "$(at compare 'CRASH compare')" '.*qsort.*' "$(at sorts 'CALL qsort')" "$main"
	ends 136 $place/crash-$shape divide
	chain "$(at divides 'CRASH divide')" "$main"
	ends 132 $place/crash-$shape illegal
	chain "$(at illegal 'CRASH illegal')" "$main"

	# Signals that the program gives itself.
	for way in abort raise assert; do
		ends 134 $place/crash-$shape $way
		matches err "crash-$shape: killed by SIGABRT$"
		reached 'raise at .*' "$(at ${way}s "CALL $way")" "$main"
	done
	ends 134 $place/crash-$shape thread-abort
	reached 'abort at .*' "$(at aborts 'CALL abort')" "aborts_in_thread at .*"
	ends 139 $place/crash-$shape smash
	reached '__stack_chk_fail.*' 'smashes at .*'

	# Calls that lead nowhere, and stacks that are full.
	ends 139 $place/crash-$shape jump
	chain '0x0 \(in no known image\)' "$(at jumps 'CALL nowhere')" "$main"
	ends 139 $place/crash-$shape recursion
	chain 'recurses at .*' "$(at recurses 'CRASH recursion')" "$(at recurses 'CRASH recursion')"
	[ "$(grep -c '^  #' "$work/err")" -le 64 ] || fail "there is no end to the callers"
	for kind in ring wild null code; do
		ends 132 $place/crash-$shape stack $kind
		chain "$(at with_stack 'CRASH stack')"
		[ "$(grep -c '^  #' "$work/err")" -le 64 ] || fail "there is no end to the callers"
	done

	# In a signal's handler: what was interrupted is above it.
	ends 139 $place/crash-$shape spin
	chain "$(at fault_in_main 'CRASH main')" "$(at faults_in_handler 'CALL handler fault')"
	reached "$(at faults_in_handler 'CALL handler fault')" 'spins at .*' "$main"
	ends 134 $place/crash-$shape caught
	reached "$(at aborts 'CALL abort')" "$(at aborts_in_handler 'CALL handler abort')" "$(at fault_in_main 'CRASH main')" \
		"$(at middle 'CALL middle')" "$(at main 'CALL caught')"

	# Memory that runs out is told apart from a wrong address.
	ends 135 --memory 64M $place/crash-$shape memory
	matches err 'killed by SIGBUS: write of 0x[0-9a-f]+ \(memory was exhausted\) at rip 0x[0-9a-f]+$'

	# C++: templates, and what nobody catches.
	ends 139 $place/throws-$shape
	chain "$(at 'store::detail::Shelf<long>::at(unsigned long)' 'CRASH cxx' throws.cc)" "main at .*"
	ends 134 $place/throws-$shape throw
	reached 'abort at .*' '.*terminate.*' '__cxa_throw.*' \
		"$(at 'store::detail::Shelf<long>::checked(unsigned long)' 'CALL throw' throws.cc)" "$(at main 'CALL checked' throws.cc)"

	# A signal that is no defect has no place.
	ends 143 $place/crash-$shape terminate
	! grep -q '^  #' "$work/err" || fail "SIGTERM has a place"
done

# Libraries, which stand anywhere; a program that another one became; a child's death is its parent's affair.
library=$(at fault_in_library 'CRASH library' libfault.c)
ends 139 $place/crash-dynamic library
chain "$library \(libfault\.so\)" "main at .*"
ends 139 $place/crash-dynamic callback
chain "$(at fault_in_main 'CRASH main')" "$(at middle 'CALL middle')" \
	"$(at library_calls 'CALL library' libfault.c) \(libfault\.so\)" "main at .*"
ends 139 $place/crash-dynamic libc
says err ' (libstd-c.so)'
for shape in static dynamic; do
	ends 139 $place/crash-$shape exec $place/crash-static chain
	chain "$(at fault_in_main 'CRASH main').*" "$(at middle 'CALL middle').*" "$main.*"
	ends 0 $place/crash-$shape child
	[ ! -s "$work/err" ] || fail "a child's death is reported"
done

# A program without debug information has its functions' names, one without symbols its registers and addresses.
x86_64-twizzler-strip -g -o "$work/nolines" $place/crash-static
ends 139 "$work/nolines" chain
chain 'fault_in_main at \?\?:\?' 'middle at \?\?:\?' 'main at \?\?:\?'
x86_64-twizzler-strip -o "$work/bare" $place/crash-static
ends 139 "$work/bare" chain
matches err '^  rax [0-9a-f]{16} rbx'
chain '0x[0-9a-f]+' '0x[0-9a-f]+' '0x[0-9a-f]+'

# In a batch the report is the program's error output.
printf '%s\n' "@expect=any $place/crash-static chain" "@expect=any $place/crash-static abort" >"$work/list"
ends 0 --batch "$work/list" --results "$work/results"
grep -q '#1 middle at .*#2 main at .*aborts at' <(tr -d '\n' <"$work/results") || fail "no callers in a batch"
checks=$((checks + 1))

# The kernel's own end: its backtrace has lines too, and a unikernel's.
TWZ_IMAGE=build/tests/kernel/panic.img ends 125 $place/crash-static
says err 'kernel panic: the first program ended with code 5 without shutting down'
matches err '  \|   [0-9a-f]{16} boot_program_start\+[0-9a-f]+  boot_program_start at \./kernel/boot/program\.c:[0-9]+$'
ends 125 $place/crash-unikernel panic
matches err '  \| kernel panic: non-maskable interrupt'
matches err "  \|   [0-9a-f]{16}  panic_as_unikernel at \./$source/crash.c:$(line_of 'CRASH panic' crash.c)"
finish
