# SPDX-License-Identifier: BSD-2-Clause
# CMake: the toolchain file compiles, try_run and ctest run in the OS, each alone and all by one boot.
# shellcheck shell=bash
. tests/integration/lib.sh
needs cmake ctest

toolchain=$(dirname "$(command -v x86_64-twizzler-gcc)")/../share/twizzler/cmake-toolchain.cmake
sample cmake
works cmake -G Ninja -B build -DCMAKE_TOOLCHAIN_FILE="$toolchain" .
says 'question: TRUE, exit 42, says 8$'
says 'Found Threads: TRUE'
works cmake --build build
works ctest --test-dir build --output-on-failure -j 2
says '100% tests passed, 0 tests failed out of 6'
works x86_64-twizzler-run --keep ctest --test-dir build --output-on-failure -V
says '100% tests passed, 0 tests failed out of 6'
says 'hello, Ada and two words'
# A test that fails is seen to.
echo 'other text' >data.txt
fails x86_64-twizzler-run --keep ctest --test-dir build
says '67% tests passed, 2 tests failed out of 6'
finish
