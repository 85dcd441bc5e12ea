#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The one door to Twizzler: ./build.sh VERB [arguments]. Each verb is a file in toolchain/verbs/.
set -euo pipefail

TWZ_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export TWZ_ROOT

verb=${1:-help}
[ $# -gt 0 ] && shift
case $verb in
-h | --help) verb=help ;;
esac
case $verb in
*[!a-z]* | '')
	echo "build.sh: '$verb' is no verb; ./build.sh help lists them" >&2
	exit 2
	;;
esac
if [ ! -f "$TWZ_ROOT/toolchain/verbs/$verb.sh" ]; then
	echo "build.sh: unknown verb '$verb'; ./build.sh help lists them" >&2
	exit 2
fi
. "$TWZ_ROOT/toolchain/lib.sh"
. "$TWZ_ROOT/toolchain/verbs/$verb.sh"
