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

# What is only good to have is noted and no failure.
rm -f "$work/bin/gdb"
holds doctor
says '^ok    ninja: [0-9.]+ \(needs 1\.11\): builds everything of ours$'
says '^ok    mpc: [0-9.]+ \(needs '
says '^ok    toolchain stages: all '
says '^ok    accelerator: '
says '^note  gdb: missing \(needs 12\): .*apt-get install gdb$'

# Too old, missing, a library without its header, a stale stage, no place for sources.
printf '#!/bin/sh\necho 1.9.1\n' >"$work/fake/ninja"
printf '#!/bin/sh\ncase "$*" in *-E*) exit 1 ;; esac\nexec /usr/bin/gcc "$@"\n' >"$work/fake/gcc"
chmod +x "$work/fake/ninja" "$work/fake/gcc"
rm "$work/bin/bison"
echo true >>"$tree/toolchain/stages/libgcc.sh"
TWZ_DISTFILES=/nonexistent refused 'doctor: 9 wrong; the mend is in each line' doctor
says '^WRONG ninja: 1\.9\.1 \(needs 1\.11\): .*apt-get install ninja-build$'
says '^WRONG bison: missing \(needs 3\.0\): .*apt-get install bison$'
says '^WRONG gmp: missing \(needs .*apt-get install libgmp-dev$'
says '^WRONG toolchain stages: libgcc is not built for this tree; run ./build.sh bootstrap$'
says '^WRONG build/toolchain: the toolchain is stale: stage libgcc has changed inputs; run ./build.sh bootstrap$'
says '^WRONG sources: TWZ_DISTFILES=/nonexistent is no directory'
# Everything that bootstrap installs is explained.
needs=$(. toolchain/host.sh && echo "$TWZ_HOST_NEEDS")
for package in $(. toolchain/host.sh && echo "${TWZ_HOST_PACKAGES[@]}"); do
	[[ $needs == *" $package "* ]] || [ "$package" = ca-certificates ] || fail "doctor does not explain $package"
done
finish
