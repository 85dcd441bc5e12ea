# SPDX-License-Identifier: BSD-2-Clause
# sqlite.sh SOURCE: print the folder, in the cache, of SQLite's amalgamation (sqlite3.c, sqlite3.h), made at need.
# shellcheck shell=bash
set -euo pipefail
. "$TWZ_ROOT/toolchain/lib.sh"

source=$1
place=$source-amalgamation
if [ ! -d "$place" ]; then
	command -v tclsh >/dev/null || die "sqlite: no tclsh on this host, which joins SQLite's sources; install tcl (./build.sh doctor)"
	new=$(mktemp -d "$place.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	chmod 755 "$new"
	mkdir "$new/work"
	(cd "$new/work" && "$source/configure" --disable-shared && make sqlite3.c) >"$new/log" 2>&1 ||
		die "sqlite: no amalgamation: $(tail -n 3 "$new/log")"
	cp "$new/work/sqlite3.c" "$new/work/sqlite3.h" "$new/"
	rm -rf "$new/work" "$new/log"
	mv -T "$new" "$place" 2>/dev/null || [ -d "$place" ] || die "cannot publish $place"
fi
echo "$place"
