# SPDX-License-Identifier: BSD-2-Clause
program("handlerctl", glob("*.c"), ldflags=["-static"], image="/bin/handlerctl")
