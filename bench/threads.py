#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Times threads, and how they wait for each other, on Twizzler and on a Linux guest."""

from lib import paths

if __name__ == "__main__":
    paths.main("threads", (1, 2))
