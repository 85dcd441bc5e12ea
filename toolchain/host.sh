# SPDX-License-Identifier: BSD-2-Clause
# What the build host must have, and how it gets it.
# shellcheck shell=bash

TWZ_HOST_PACKAGES=(gcc g++ make ninja-build python3 bison flex gawk m4 libgmp-dev libmpfr-dev libmpc-dev zlib1g-dev
	xz-utils bzip2 patch curl ca-certificates file binutils qemu-system-x86 expect
	grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools ovmf
	cmake automake autoconf dejagnu tcl meson pkgconf)

# host_missing: the packages that are not installed, one a line.
host_missing() {
	local there
	there=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' "${TWZ_HOST_PACKAGES[@]}" 2>/dev/null |
		sed -n 's/\(:[a-z0-9]*\)\{0,1\} installed$//p' | LC_ALL=C sort -u)
	printf '%s\n' "${TWZ_HOST_PACKAGES[@]}" | LC_ALL=C sort | LC_ALL=C comm -23 - <(echo "$there")
}

# host_install: install what is missing, as root or through sudo.
host_install() {
	local missing
	command -v dpkg-query >/dev/null ||
		die "this host is no Debian; install the like of: ${TWZ_HOST_PACKAGES[*]} and set TWZ_HOST_READY=1"
	missing=$(host_missing | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	echo "installing host packages: $missing"
	local -a root=()
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "as root, run: apt-get install $missing"
		root=(sudo)
	fi
	# shellcheck disable=SC2086
	{
		"${root[@]}" apt-get -qq update &&
			"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y $missing >/dev/null
	} || die "apt-get failed; mend its complaint above, or install by hand: $missing"
}

# The same by what is used of it, for hosts of any kind: program or library, least version, package, what it is for. Versions are what the
# build relies on: make's job server, bash's `wait -p`, ninja's --quiet, GCC's own list.
TWZ_HOST_NEEDS="\
bash        5.1    bash               runs build.sh
gcc         8      gcc                compiles the toolchain and our host programs
g++         10     g++                compiles GCC and the unit tests
make        4.2    make               builds the stages
ninja       1.11   ninja-build        builds everything of ours
python3     3.9    python3            writes the Ninja file, runs the tests
bison       3.0    bison              binutils' parsers
flex        2.5    flex               binutils' scanners
gawk        3.1    gawk               GCC's option tables
m4          1.4    m4                 binutils and GCC
lib:gmp     4.3    libgmp-dev         GCC's arithmetic
lib:mpfr    3.1    libmpfr-dev        GCC's arithmetic
lib:mpc     0.8    libmpc-dev         GCC's arithmetic
lib:zlib    1.2    zlib1g-dev         compressed debug information
xz          5.0    xz-utils           unpacks sources
bzip2       1.0    bzip2              unpacks sources
patch       2.5    patch              our patches
curl        7.0    curl               fetches sources
file        5.0    file               tests of what was linked
ld          2.30   binutils           links the toolchain
qemu-system-x86_64 7.2 qemu-system-x86 every boot
expect      5.0    expect             tests of the prompt
grub-mkrescue 2.0  grub-common        ./build.sh iso
dir:/usr/lib/grub/i386-pc - grub-pc-bin ./build.sh iso, for SeaBIOS
dir:/usr/lib/grub/x86_64-efi - grub-efi-amd64-bin ./build.sh iso, for OVMF
xorriso     1.5    xorriso            ./build.sh iso
mformat     4.0    mtools             ./build.sh iso
dir:/usr/share/OVMF - ovmf            tests of the ISO with EFI
cmake       3.13   cmake              a test of cross building
automake    1.16   automake           a test of cross building
autoconf    2.69   autoconf           a test of cross building
runtest     1.6    dejagnu            other people's tests
tclsh       8.6    tcl                SQLite's tests
meson       0.60   meson              a test of cross building
pkgconf     1.1    pkgconf            a test of cross building
?git        2.0    git                what lint looks at
?clang-format 14   clang-format       lint of formats
?shellcheck 0.8    shellcheck         lint of scripts
?autoconf2.69 2.69 autoconf2.69       lint of GCC's configure scripts
?gdb        12     gdb                ./build.sh debug
?clang      13     clang              ./build.sh fuzz --target"

# host_version NAME: the version of a program, or of lib:NAME by its header; "there" of a dir:PATH; nothing, and failure, without it.
host_version() {
	local text
	case $1 in
	dir:*) [ -d "${1#dir:}" ] && echo there ;;
	lib:gmp) host_macro gmp.h '__GNU_MP_VERSION.__GNU_MP_VERSION_MINOR.__GNU_MP_VERSION_PATCHLEVEL' ;;
	lib:mpfr) host_macro mpfr.h MPFR_VERSION_STRING ;;
	lib:mpc) host_macro mpc.h MPC_VERSION_STRING ;;
	lib:zlib) host_macro zlib.h ZLIB_VERSION ;;
	*)
		command -v "$1" >/dev/null || return 1
		case $1 in
		expect) text=$(expect -v) ;;
		tclsh) text=$(echo "puts [info patchlevel]" | tclsh) ;;
		*) text=$("$1" --version </dev/null 2>&1) ;;
		esac || true
		[[ $text =~ [0-9]+(\.[0-9]+)+ ]] && echo "${BASH_REMATCH[0]}"
		;;
	esac
}

# host_macro HEADER TEXT: what TEXT is once HEADER is included.
host_macro() {
	printf '#include <%s>\nversion: %s\n' "$1" "$2" | gcc -E -P -x c - 2>/dev/null | tail -n 1 | tr -d ' "' |
		sed -n 's/^version:\([0-9].*\)/\1/p' | grep .
}

# host_enough HAVE NEED: HAVE is no older.
host_enough() {
	[ "$2" = - ] || [ "$(printf '%s\n' "$1" "$2" | LC_ALL=C sort -V | head -n 1)" = "$2" ]
}
