#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Times the kernel's shortest paths and the clock, on Twizzler and on a Linux guest."""

from lib import paths

if __name__ == "__main__":
    paths.main("syscalls", (1,))
