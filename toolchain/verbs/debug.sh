# SPDX-License-Identifier: BSD-2-Clause
# debug [--commands FILE] [OPTION...] [PROGRAM [ARGUMENT...]]: boot under gdb with the kernel's symbols, stopped in the program's main.
# shellcheck shell=bash

commands=
if [ "${1:-}" = --commands ]; then
	commands=${2:-}
	[ -f "$commands" ] || die "debug: no file '$commands' with gdb commands; usage: ./build.sh debug [--commands FILE] [OPTION...] [PROGRAM [ARGUMENT...]]"
	shift 2
fi
runner=$(installed $TWZ_TARGET-run)
command -v gdb >/dev/null || die "no gdb on this host; run ./build.sh bootstrap, or apt-get install gdb"

# The program is the first word that is no option (--option=value, not --option value).
program=
for word in "$@"; do
	case $word in
	-*) ;;
	*)
		program=$word
		break
		;;
	esac
done
[ -z "$program" ] || [ -f "$program" ] || die "debug: no program '$program'; give options as --name=value"

place=$(mktemp -d "${TMPDIR:-/tmp}/twizzler-debug-XXXXXX") || die "no temporary directory; set TMPDIR"
machine=
debug_end() {
	[ -z "$machine" ] || kill "$machine" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$place"
}
trap debug_end EXIT
if [ -n "$program" ]; then
	"$runner" --gdb="$place/gdb" "$@" </dev/null &
else
	echo "no program: the machine boots to a prompt that nobody types at; twz and gdb commands look into it"
	(sleep infinity | "$runner" --gdb="$place/gdb" --console "$@") &
fi
machine=$!
for _ in $(seq 100); do
	[ ! -S "$place/gdb" ] || break
	kill -0 "$machine" 2>/dev/null || die "debug: the machine did not start; what it said stands above"
	sleep 0.05
done
[ -S "$place/gdb" ] || die "debug: QEMU made no socket for gdb within 5 s"

share=$TWZ_TOOLCHAIN/share/twizzler
symbols=$share/kernel.elf
unikernel=
if [ -n "$program" ] && "$(installed $TWZ_TARGET-readelf)" -n "$program" 2>/dev/null | grep -q '^  Xen '; then
	unikernel=yes
	symbols=$program
fi
arguments=(-q -nx "$symbols" -ex "set pagination off" -ex "set confirm off" -ex "set breakpoint pending on"
	-ex "set substitute-path . $TWZ_ROOT" -ex "source $TWZ_ROOT/toolchain/gdb/twizzler.py" -ex "target remote $place/gdb")
if [ -n "$unikernel" ]; then
	# Loaded before it starts, and it clears nothing of its code: a hardware breakpoint holds from the first instruction.
	arguments+=(-ex "thbreak main" -ex continue)
elif [ -n "$program" ]; then
	# Its libraries stand where they will once main runs.
	libraries=()
	while read -r name; do
		for folder in "$(dirname "$program")" "$TWZ_TOOLCHAIN/$TWZ_TARGET/lib"; do
			[ ! -f "$folder/$name" ] || { libraries+=("$folder/$name") && break; }
		done
	done < <("$(installed $TWZ_TARGET-readelf)" -d "$program" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
	arguments+=(-ex "twz program $program" -ex "tbreak main" -ex continue)
	[ ${#libraries[@]} = 0 ] || arguments+=(-ex "twz symbols ${libraries[*]}")
fi
[ -z "$commands" ] || arguments+=(-batch -x "$commands")
cd "$TWZ_ROOT"
gdb "${arguments[@]}"
