#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Times page faults, mappings, objects and plain loops, on Twizzler and on a Linux guest."""

from lib import paths

if __name__ == "__main__":
    paths.main("memory", (1,))
