# SPDX-License-Identifier: BSD-2-Clause
# Meson: the cross file compiles, and setup and meson test run programs in the OS.
# shellcheck shell=bash
. tests/integration/lib.sh
needs meson ninja

share=$(dirname "$(command -v x86_64-twizzler-gcc)")/../share/twizzler
sample meson
works meson setup --cross-file "$share/meson-cross.ini" build
says 'question: exit 42, says 8$'
says 'dependency threads found: YES'
works ninja -C build
works x86_64-twizzler-run --keep meson test -C build --verbose
says '^Ok: +2 *$'
says '^Expected Fail: +2 *$'
says 'hello, Ada and two words'
finish
