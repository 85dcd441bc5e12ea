# SPDX-License-Identifier: BSD-2-Clause
# The C library's headers. The stages after it go by what is in them, not by how they came about.
# needs: stage:musl-source
# shellcheck shell=bash

cp -a "$DIR_musl_source/." src
make -C src ARCH=x86_64 prefix= DESTDIR="$OUT/$TWZ_TARGET" install-headers
