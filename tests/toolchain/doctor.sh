# SPDX-License-Identifier: BSD-2-Clause
# doctor names what is missing or too old with what is needed and how to get it, and fails; what is only good to have does not.
# shellcheck shell=bash disable=SC2016
. tests/toolchain/lib.sh

fixture
mkdir -p "$work/bin" "$work/fake"
holds "$tree/build.sh" bootstrap

# Every program of the host by a link, so that one can be taken away.
for folder in /usr/local/bin /usr/bin /bin /usr/sbin /sbin; do
	ln -s -t "$work/bin" "$folder"/* 2>/dev/null || true # what is there already stays
done
# says PATTERN: doctor's output has such a line.
says() {
	grep -qE -- "$1" "$work/out" || fail "no line like '$1'"
	checks=$((checks + 1))
}
# doctor: with this test's programs only.
doctor() { PATH=$work/fake:$work/bin "$tree/build.sh" doctor; }

holds doctor
says '^ok    ninja: [0-9.]+ \(needs 1\.11\): builds everything of ours$'
says '^ok    mpc: [0-9.]+ \(needs '
says '^ok    toolchain stages: all '
says '^ok    accelerator: '

printf '#!/bin/sh\necho 1.9.1\n' >"$work/fake/ninja"
chmod +x "$work/fake/ninja"
refused 'doctor: 1 wrong; the mend is in each line' doctor
says '^WRONG ninja: 1\.9\.1 \(needs 1\.11\): .*apt-get install ninja-build$'
rm "$work/fake/ninja" "$work/bin/bison"
refused 'doctor: 1 wrong' doctor
says '^WRONG bison: missing \(needs 3\.0\): .*apt-get install bison$'
ln -s /usr/bin/bison "$work/bin/bison"

# A library is asked for by its header.
printf '#!/bin/sh\ncase "$*" in *-E*) exit 1 ;; esac\nexec /usr/bin/gcc "$@"\n' >"$work/fake/gcc"
chmod +x "$work/fake/gcc"
refused 'doctor: 4 wrong' doctor
says '^WRONG gmp: missing \(needs .*apt-get install libgmp-dev$'
rm "$work/fake/gcc" "$work/bin/gdb" 2>/dev/null || true
holds doctor
says '^note  gdb: missing \(needs 12\): .*apt-get install gdb$'

echo true >>"$tree/toolchain/stages/libgcc.sh"
refused 'doctor: 2 wrong' doctor
says '^WRONG toolchain stages: libgcc is not built for this tree; run ./build.sh bootstrap$'
TWZ_DISTFILES=/nonexistent refused 'doctor: 3 wrong' doctor
says '^WRONG sources: TWZ_DISTFILES=/nonexistent is no directory'
# Everything that bootstrap installs is explained.
for package in $(. toolchain/host.sh && echo "${TWZ_HOST_PACKAGES[@]}"); do
	(. toolchain/host.sh && echo "$TWZ_HOST_NEEDS") | grep -q " $package " || [ "$package" = ca-certificates ] || fail "doctor does not explain $package"
done
finish
