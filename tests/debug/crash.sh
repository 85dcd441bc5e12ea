# SPDX-License-Identifier: BSD-2-Clause
# A crash report names function, file and line: each shape, C and C++, in a thread, in a library, in libstd-c, in the kernel.
# shellcheck shell=bash
. tests/debug/lib.sh

source=tests/debug/source
for shape in static dynamic unikernel; do
	ends 139 $place/crash-$shape main
	says err "  in fault_in_main at ./$source/crash.c:$(line_of 'CRASH main' crash.c)"
	matches err 'killed by SIGSEGV: read of 0x0 \(nothing is mapped there\) at rip 0x[0-9a-f]+$'
	ends 139 $place/crash-$shape thread
	says err "  in fault_in_thread at ./$source/crash.c:$(line_of 'CRASH thread' crash.c)"
	ends 139 $place/crash-$shape handler
	says err "  in fault_in_main at ./$source/crash.c:$(line_of 'CRASH main' crash.c)"
	ends 139 $place/crash-$shape libc
	matches err '^  in strlen at .*/musl/src/string/strlen\.c:[0-9]+'
	ends 139 $place/throws-$shape
	says err "  in store::detail::Shelf<long>::at(unsigned long) at ./$source/throws.cc:$(line_of 'CRASH cxx' throws.cc)"
done
ends 139 $place/crash-dynamic library
says err "  in fault_in_library at ./$source/libfault.c:$(line_of 'CRASH library' libfault.c) (libfault.so)"
ends 139 $place/crash-dynamic libc
says err ' (libstd-c.so)'

# A program without debug information has its function's name, one without symbols its registers.
x86_64-twizzler-strip -g -o "$work/nolines" $place/crash-static
ends 139 "$work/nolines"
matches err '^  in fault_in_main at \?\?:\?$'
x86_64-twizzler-strip -o "$work/bare" $place/crash-static
ends 139 "$work/bare"
matches err '^  rax [0-9a-f]{16} rbx'
! grep -q '^  in ' "$work/err" || fail "there is a place without symbols"

# The kernel's own end: its backtrace has lines too.
TWZ_IMAGE=build/tests/kernel/panic.img ends 125 $place/crash-static
says err 'kernel panic: the first program ended with code 5 without shutting down'
matches err '  \|   [0-9a-f]{16} boot_program_start\+[0-9a-f]+  boot_program_start at \./kernel/boot/program\.c:[0-9]+$'
finish
