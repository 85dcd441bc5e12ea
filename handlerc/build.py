# SPDX-License-Identifier: BSD-2-Clause
# The handler compiler and the handler library, installed into the toolchain.

library = objects("lib", glob("lib/*.c"), tool="freestanding",
                  flags=["-fPIE", "-fno-stack-protector", "-ffunction-sections", "-fno-asynchronous-unwind-tables"])
install(archive("libtwz_handler.a", library), "share/twizzler/handlerc/libtwz_handler.a")
for source in glob("tool/*.py") + ["handler.ld", "allowlist", "refused"]:
    install(source, "share/twizzler/handlerc/" + source.split("/")[-1])
install("x86_64-twizzler-handlerc", "bin/x86_64-twizzler-handlerc")
