# SPDX-License-Identifier: BSD-2-Clause
program("twzkv", glob("*.c"), ldflags=["-static"], image="/bin/twzkv")
