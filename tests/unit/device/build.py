# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of drivers. The kernel's <string.h> is the host's here.

flags = ["-iquote", "kernel/device", "-idirafter", "kernel/include", "-I//tests/unit"]
unit_test("virtio-queue", ["virtio_test.c", "//kernel/device/virtio.c"], flags=flags)
