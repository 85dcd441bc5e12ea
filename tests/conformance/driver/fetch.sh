# SPDX-License-Identifier: BSD-2-Clause
# fetch.sh NAME: unpack a suite's pinned source, what its case below names, into the cache; print where it is.
# LAYOUT is part of the folder's name, and so of every cached object's: raise it when a case below unpacks something else.
# shellcheck shell=bash
set -euo pipefail
. "$TWZ_ROOT/toolchain/lib.sh"
. "$TWZ_ROOT/toolchain/sources.sh"

name=$1
LAYOUT=1
case $name in
gcc-testsuite) package=gcc ;;
*) package=$name ;;
esac
line=$(lock_line "$package") || exit 1
read -r _ version _ hash <<<"$line"
key=$(sha256sum <<<"$name $hash $LAYOUT" | cut -c1-16)
place=$TWZ_CACHE/suites/$name-$version-$key
if [ ! -d "$place" ]; then
	tarball=$(fetch "$package") || exit 1
	mkdir -p "$TWZ_CACHE/suites"
	new=$(mktemp -d "$TWZ_CACHE/suites/.$name.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	chmod 755 "$new"
	case $name in
	gcc-testsuite)
		tar -xOf "$tarball" --wildcards '*/gcc-*.tar.xz' |
			tar -xJ -C "$new" --strip-components=1 --wildcards '*/gcc/testsuite/gcc.c-torture/execute' \
				'*/gcc/testsuite/gcc.dg' '*/gcc/testsuite/g++.dg' '*/gcc/testsuite/lib' '*/gcc/testsuite/config' '*/gcc/testsuite/c-c++-common' \
				'*/libstdc++-v3/testsuite' '*/contrib/dg-extract-results.*'
		;;
	*) tar -xf "$tarball" -C "$new" --strip-components=1 ;;
	esac || die "$name: cannot unpack $tarball"
	mv -T "$new" "$place" 2>/dev/null || [ -d "$place" ] || die "cannot publish $place"
fi
echo "$place"
