# SPDX-License-Identifier: BSD-2-Clause
# GCC's source with our patches, less the languages and libraries that are not built.
# needs: package:gcc
# shellcheck shell=bash

tar -xf "$TARBALL" --wildcards '*/gcc-*.tar.xz' --strip-components=1
tar -xf gcc-*.tar.xz -C "$OUT" --strip-components=1 --exclude='*/testsuite/*/*' \
	--exclude='*/gcc/ada' --exclude='*/gcc/m2' --exclude='*/gcc/fortran' \
	--exclude='*/gcc/po' --exclude='*/libgo' --exclude='*/libphobos' --exclude='*/libsanitizer' --exclude='*/libgfortran' \
	--exclude='*/libgm2' --exclude='*/libada' --exclude='*/libgrust' --exclude='*/libffi'
rm gcc-*.tar.xz
apply_patches gcc "$OUT"
