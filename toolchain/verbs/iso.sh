# SPDX-License-Identifier: BSD-2-Clause
# iso [-o FILE] [--append WORDS] [PROGRAM [ARGUMENT...]]: make an ISO that GRUB boots, by BIOS and by EFI.
# shellcheck shell=bash

. "$TWZ_ROOT/toolchain/host.sh"

share=$TWZ_TOOLCHAIN/share/twizzler
output=$TWZ_BUILD/twizzler.iso
append=
words=
while [ $# -gt 0 ]; do
	case $1 in
	-o | --append)
		[ $# -gt 1 ] || die "iso: $1 wants a value"
		[ "$1" = -o ] && output=$2 || append=$2
		shift 2
		;;
	--) shift && break ;;
	-*) die "iso: unknown option '$1'; usage: ./build.sh iso [-o FILE] [--append WORDS] [PROGRAM [ARGUMENT...]]" ;;
	*) break ;;
	esac
done
command -v grub-mkrescue >/dev/null || [ -n "${TWZ_HOST_READY:-}" ] || host_install
[ -f "$share/kernel.elf" ] && [ -f "$share/initial.img" ] || die "iso: no kernel in $share; run ./build.sh bootstrap"

# The words pass two readers, GRUB's and init's: what either would take for more than a byte cannot pass.
for word in "$@"; do
	case $word in
	*[\'\"\\]* | *[![:print:]]* | '') die "iso: '$word': empty words, quotes, backslashes and control bytes do not pass GRUB" ;;
	esac
done
work=$(mktemp -d "${TMPDIR:-/tmp}/twizzler-iso-XXXXXX") || die "no temporary directory; set TMPDIR"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/boot/grub"
kernel=$share/kernel.elf
module=
if [ $# -gt 0 ]; then
	program=$(realpath -e -- "$1" 2>/dev/null) || die "iso: $1: no such file"
	name=$(basename -- "$program")
	[[ $name =~ ^[A-Za-z0-9_.+-]+$ ]] || die "iso: $1: a program on an ISO has a name of letters, digits and _ . + -"
	shift
	if "$TWZ_TOOLCHAIN/bin/$TWZ_TARGET-readelf" -nW "$program" 2>/dev/null | grep -qw Xen; then
		# a unikernel is its own kernel
		kernel=$program
		words=" -- $name"
	else
		mkimage=$TWZ_BUILD/libtwz/mkimage
		[ -x "$mkimage" ] && [ -f "$TWZ_BUILD/image/manifest" ] || die "iso: no $mkimage; run ./build.sh build"
		"$TWZ_TOOLCHAIN/bin/$TWZ_TARGET-strip" -g -o "$work/program" "$program" 2>/dev/null || cp "$program" "$work/program"
		{ cat "$TWZ_BUILD/image/manifest" && echo "file /program/$name 0755 $work/program"; } >"$work/manifest"
		(cd "$TWZ_ROOT" && "$mkimage" -o "$work/root/boot/initial.img" --init /bin/init --manifest "$work/manifest") ||
			die "iso: mkimage failed; its complaint is above"
		words=" -- /program/$name"
		module=yes
	fi
	for word in "$@"; do words+=" '$word'"; done
else
	cp "$share/initial.img" "$work/root/boot/"
	module=yes
fi
cp "$kernel" "$work/root/boot/kernel.elf"
{
	echo 'serial --unit=0 --speed=115200'
	echo 'terminal_input serial'
	echo 'terminal_output serial'
	echo 'set timeout=0'
	echo 'menuentry Twizzler {'
	echo "	multiboot2 /boot/kernel.elf $append$words"
	[ -z "$module" ] || echo '	module2 /boot/initial.img'
	echo '}'
} >"$work/root/boot/grub/grub.cfg"
modules="normal multiboot2 serial terminal iso9660 search search_fs_file configfile
	part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_gpt part_msdos part_plan part_sun part_sunpc"
grub-mkrescue --install-modules="$modules" --locales= --fonts= --themes= -o "$work/image.iso" "$work/root" >"$work/log" 2>&1 ||
	die "iso: grub-mkrescue failed: $(grep -i -m 1 -e error -e failure "$work/log")"
mv -f "$work/image.iso" "$output" || die "iso: cannot write $output"
echo "$output: $(($(stat -c %s "$output") >> 10)) KiB"
