# SPDX-License-Identifier: BSD-2-Clause
"""Where a suite's pinned source is unpacked."""

import os
import subprocess
import sys

from programs import ROOT


def unpacked(name):
    """The folder of a source, fetched and unpacked at need (fetch.sh)."""
    done = subprocess.run(["bash", f"{ROOT}/tests/conformance/driver/fetch.sh", name], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "TWZ_ROOT": ROOT})
    if done.returncode != 0:
        sys.exit(done.returncode)
    return done.stdout.strip()
