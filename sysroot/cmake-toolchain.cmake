# SPDX-License-Identifier: BSD-2-Clause
# cmake -DCMAKE_TOOLCHAIN_FILE=.../share/twizzler/cmake-toolchain.cmake: cross-compile for Twizzler, run tests in the OS.
get_filename_component(TWIZZLER "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(UNIX TRUE)
set(CMAKE_C_COMPILER "${TWIZZLER}/bin/x86_64-twizzler-gcc")
set(CMAKE_CXX_COMPILER "${TWIZZLER}/bin/x86_64-twizzler-g++")
set(CMAKE_ASM_COMPILER "${TWIZZLER}/bin/x86_64-twizzler-gcc")
set(CMAKE_CROSSCOMPILING_EMULATOR "${TWIZZLER}/bin/x86_64-twizzler-run")
set(PKG_CONFIG_EXECUTABLE "${TWIZZLER}/bin/x86_64-twizzler-pkg-config")

set(CMAKE_FIND_ROOT_PATH "${TWIZZLER}/x86_64-twizzler")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# What CMake knows of a system by its name; this one it does not know.
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS TRUE)
set(CMAKE_SHARED_LIBRARY_PREFIX lib)
set(CMAKE_SHARED_LIBRARY_SUFFIX .so)
set(CMAKE_SHARED_LIBRARY_SONAME_C_FLAG "-Wl,-soname,")
set(CMAKE_SHARED_LIBRARY_SONAME_CXX_FLAG "-Wl,-soname,")
set(CMAKE_SHARED_LIBRARY_C_FLAGS -fPIC)
set(CMAKE_SHARED_LIBRARY_CXX_FLAGS -fPIC)
set(CMAKE_DL_LIBS "")
