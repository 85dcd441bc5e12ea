# SPDX-License-Identifier: BSD-2-Clause
# lint [CHECK | --fix]: run every checker (or one): format, SPDX, shell, patches, hashes, red zone, documents; --fix formats.
# shellcheck shell=bash

exec python3 "$TWZ_ROOT/toolchain/lint.py" "$@"
