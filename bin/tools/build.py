# SPDX-License-Identifier: BSD-2-Clause
program("tools", glob("*.c"), image="/bin/tools")
for name in ("cat", "echo", "false", "ls", "mkdir", "rm", "sleep", "true"):
    image_link(f"/bin/{name}", "tools")
