# SPDX-License-Identifier: BSD-2-Clause
# musl's source with our patches: what libstd-c is built from.
# needs: package:musl
# shellcheck shell=bash

tar -xf "$TARBALL" -C "$OUT" --strip-components=1
apply_patches musl "$OUT"
