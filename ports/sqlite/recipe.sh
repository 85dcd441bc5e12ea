# SPDX-License-Identifier: BSD-2-Clause
# SQLite, its library and its shell as a static program, with databases in objects (README.md).
# shellcheck shell=bash disable=SC2034,SC2154
port_source=sqlite3
port_shape=static

port_build() {
	# The amalgamation is made by the host's compiler and tclsh.
	mkdir made
	(cd made && CC=cc ../configure --disable-shared && make sqlite3.c shell.c)
	flags="-O2 -Imade -DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DIRECT_OVERFLOW_READ
		-DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_MATH_FUNCTIONS
		-DSQLITE_ENABLE_BATCH_ATOMIC_WRITE -DSQLITE_EXTRA_INIT=twz_sqlite_init
		-DSQLITE_MAX_MMAP_SIZE=1073741824 -DSQLITE_DEFAULT_MMAP_SIZE=1073741824 -DSQLITE_DEFAULT_CACHE_SIZE=-16384"
	# shellcheck disable=SC2086
	for file in made/sqlite3.c made/shell.c "$port/"*.c; do
		$CC -static $flags -c "$file"
	done
	$AR rcs libsqlite3.a sqlite3.o objectvfs*.o
	$CC -static -o sqlite3 shell.o libsqlite3.a
}

port_install() {
	mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/include"
	cp sqlite3 "$root/usr/bin/"
	cp libsqlite3.a "$root/usr/lib/"
	cp made/sqlite3.h "$root/usr/include/"
}
