# SPDX-License-Identifier: BSD-2-Clause
# clean [--cache]: remove what was built in this checkout; with --cache also the toolchain stages that all checkouts share.
# shellcheck shell=bash

case ${1:-} in
'') rm -rf "$TWZ_BUILD" ;;
--cache)
	rm -rf "$TWZ_BUILD" "$TWZ_CACHE/stages" "$TWZ_CACHE/work" "$TWZ_CACHE/tmp" "$TWZ_CACHE/log" "$TWZ_CACHE/distfiles"
	;;
*) die "clean: unknown argument '$1'; it takes none, or --cache" ;;
esac
