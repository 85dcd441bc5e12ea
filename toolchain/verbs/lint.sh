# SPDX-License-Identifier: BSD-2-Clause
# lint: run every checker: format, SPDX, shell, patches, hashes, red zone, documents.
# shellcheck shell=bash

exec python3 "$TWZ_ROOT/toolchain/lint.py" "$@"
