# SPDX-License-Identifier: BSD-2-Clause
# Death by fault: 128 + signal, what was done to which address, the registers, and the source line.
# shellcheck shell=bash
. tests/run/lib.sh

# dies SIGNAL NUMBER PATTERN ACTION [ARGUMENT]
dies() {
	local name=$1 number=$2 pattern=$3
	shift 3
	boots $((128 + number)) "$program" "$@" </dev/null
	complains "channel-static: killed by $name$pattern"
}

dies SIGSEGV 11 ': read of 0x10 \(.*\) at rip 0x[0-9a-f]+$' null
complains '^  rax [0-9a-f]{16} rbx [0-9a-f]{16} rcx [0-9a-f]{16} rdx [0-9a-f]{16}$'
complains 'rip [0-9a-f]{16}'
complains '#0 do_null at .*channel\.c:[0-9]+'
dies SIGSEGV 11 ': write of 0x123456789000 \(nothing is mapped there\)' wild
dies SIGSEGV 11 ': write of 0x[0-9a-f]+ \(mapped without that right\)' text
dies SIGSEGV 11 ': execution of 0x[0-9a-f]+ \(mapped without that right\)' jump
dies SIGSEGV 11 ': write of 0x[0-9a-f]+' stack
dies SIGFPE 8 ': division error at rip' divide
dies SIGILL 4 ': invalid instruction at rip' illegal
dies SIGSEGV 11 ': general protection' privileged
dies SIGABRT 6 '' abort
prints before
dies SIGTERM 15 '$' raise 15
dies SIGKILL 9 '$' raise 9
finish
