# SPDX-License-Identifier: BSD-2-Clause
# What the stage scripts share. A stage runs in $WORK (empty), leaves its result in $OUT (empty), and finds the tarball of
# its package in $TARBALL and the published stages that it needs in $DIR_<name>.
# shellcheck shell=bash

# The toolchain is relocatable; this is only what it believes in until it is asked from where it stands.
PREFIX=/opt/twizzler

# What the host's tools are compiled with, and what the target's libraries are.
HOST_FLAGS="-O1 -g0"
TARGET_FLAGS="-O2 -g0"

# No manuals: bison, flex and the compiler are all that the host needs.
export MAKEINFO=true

# overlay STAGE-DIRECTORY... INTO: lay published stages over each other by hard links (or copies, across file systems).
overlay() {
	local into=${!#} dir
	mkdir -p "$into"
	for dir in "${@:1:$#-1}"; do
		cp -al "$dir/." "$into/" 2>/dev/null || cp -a --remove-destination "$dir/." "$into/"
	done
	rm -f "$into/.content"
}
