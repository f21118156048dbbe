# SPDX-License-Identifier: Apache-2.0
#
# cmake -DTO=FILE -P version.cmake: a header with what git calls this source.  It
# is written only if that has changed.
execute_process(COMMAND git describe --always --dirty --abbrev=12
    WORKING_DIRECTORY "${CMAKE_CURRENT_LIST_DIR}"
    OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT version MATCHES "^[A-Za-z0-9._/-]+$")
    set(version "of an unknown version")
endif()
set(text "#define DAF_SIM_VERSION \"${version}\"\n")
set(before "")
if(EXISTS "${TO}")
    file(READ "${TO}" before)
endif()
if(NOT before STREQUAL text)
    file(WRITE "${TO}" "${text}")
endif()
