# One source, one object library per instruction set (see csrc/simd/dispatch.hpp).
#
# pyinfo_add_simd_kernels(target NAME area [FLAGS_<isa> flag...] SOURCES source...) compiles every
# kernel source once per instruction set of this build, with -DPYINFO_ISA=<name>, and adds
# the objects to `target`. Kernel objects hold code that other machines may not execute, so nothing
# in them may be shared: anonymous namespaces only, no link-time optimisation, no static
# initialisers (tests/project/test_codebase.py asks nm). FLAGS_<isa> adds to what that set is compiled with.

# The processor that this build is for, if one: the target of all its objects.
set(processor "")
set(targets "${CMAKE_SYSTEM_PROCESSOR}")
if(CMAKE_OSX_ARCHITECTURES)
  set(targets "${CMAKE_OSX_ARCHITECTURES}")
endif()
if(targets MATCHES "^(x86_64|AMD64|amd64)$")
  set(processor x86)
elseif(targets MATCHES "^(aarch64|arm64|ARM64)$")
  set(processor aarch64)
endif()

# The rows of the list that are for any processor or for this one.
set(possible_isas "")
file(READ ${CMAKE_CURRENT_LIST_DIR}/../csrc/simd/isa_list.hpp text)
string(REGEX MATCHALL "X\\([a-z0-9]+, [a-z0-9]+," rows "${text}")
foreach(row IN LISTS rows)
  string(REGEX MATCH "X\\(([a-z0-9]+), ([a-z0-9]+)," row "${row}")
  if(CMAKE_MATCH_2 STREQUAL "any" OR CMAKE_MATCH_2 STREQUAL processor)
    list(APPEND possible_isas ${CMAKE_MATCH_1})
  endif()
endforeach()
set_property(
  DIRECTORY
  APPEND
  PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/../csrc/simd/isa_list.hpp
)

# Those that PYINFO_ISAS asks for, in the order of the list; portable in any case, since a machine
# may have none of the others.
set(PYINFO_BUILT_ISAS ${possible_isas})
if(NOT "${PYINFO_ISAS}" STREQUAL "")
  string(REPLACE "," ";" wanted "${PYINFO_ISAS}")
  foreach(isa IN LISTS wanted)
    if(NOT "${isa}" IN_LIST possible_isas)
      list(JOIN possible_isas ", " names)
      message(FATAL_ERROR "PYINFO_ISAS: '${isa}' is not one of ${names}")
    endif()
  endforeach()
  foreach(isa IN LISTS possible_isas)
    if(NOT isa STREQUAL "portable" AND NOT isa IN_LIST wanted)
      list(REMOVE_ITEM PYINFO_BUILT_ISAS ${isa})
    endif()
  endforeach()
endif()
list(JOIN PYINFO_BUILT_ISAS ", " names)
message(STATUS "Instruction sets: ${names}")
foreach(isa IN LISTS PYINFO_BUILT_ISAS)
  list(APPEND PYINFO_KERNEL_DEFINITIONS PYINFO_KERNELS_${isa}=1)
endforeach()

if(MSVC)
  set(PYINFO_FLAGS_portable "")
  set(PYINFO_FLAGS_sse4 "")
  set(PYINFO_FLAGS_avx2 /arch:AVX2)
  set(PYINFO_FLAGS_avx512 /arch:AVX512)
  set(PYINFO_FLAGS_neon "") # its vectors are all of one type: portable kernels
  set(PYINFO_FLAGS_KERNEL /O2 /fp:precise)
else()
  set(PYINFO_FLAGS_portable "")
  set(PYINFO_FLAGS_sse4 -march=x86-64-v2)
  set(PYINFO_FLAGS_avx2 -march=x86-64-v3)
  set(PYINFO_FLAGS_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
  # Every 64-bit ARM compiler has it switched on: this tells the kernels from the portable ones.
  set(PYINFO_FLAGS_neon -DPYINFO_NEON=1)
  # With the sanitizers' checks in between, an optimised kernel file takes clang minutes.
  set(optimization ${PYINFO_KERNEL_OPTIMIZATION})
  if(PYINFO_SANITIZE)
    set(optimization -O1)
  endif()
  # Error-free transformations need the operations as written: no contraction, no reassociation.
  set(
    PYINFO_FLAGS_KERNEL
    ${optimization}
    -ffp-contract=off
    -fno-math-errno
    -fno-trapping-math
    -fno-exceptions
    -fno-rtti
  )
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 says so of its own AVX-512 header (GCC bug 105593).
    list(APPEND PYINFO_FLAGS_KERNEL -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
endif()

function(pyinfo_warnings target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4)
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow)
  endif()
  if(PYINFO_WERROR)
    set_target_properties(${target} PROPERTIES COMPILE_WARNING_AS_ERROR ON)
  endif()
  if(PYINFO_SANITIZE)
    target_compile_options(
      ${target}
      PRIVATE -fsanitize=${PYINFO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    )
    target_link_options(${target} PUBLIC -fsanitize=${PYINFO_SANITIZE})
  endif()
endfunction()

function(pyinfo_add_simd_kernels target)
  list(TRANSFORM PYINFO_BUILT_ISAS PREPEND FLAGS_ OUTPUT_VARIABLE flags)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "NAME" "SOURCES;${flags}")
  foreach(isa IN LISTS PYINFO_BUILT_ISAS)
    set(objects ${target}_${arg_NAME}_${isa})
    add_library(${objects} OBJECT ${arg_SOURCES})
    target_include_directories(${objects} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
    target_compile_definitions(
      ${objects}
      PRIVATE PYINFO_ISA=${isa} $<$<BOOL:${PYINFO_CHECKED}>:PYINFO_CHECKED=1>
    )
    target_compile_options(
      ${objects}
      PRIVATE ${PYINFO_FLAGS_KERNEL} ${PYINFO_FLAGS_${isa}} ${arg_FLAGS_${isa}}
    )
    set_target_properties(${objects} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
    pyinfo_warnings(${objects})
    if(PYINFO_SANITIZE MATCHES undefined AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
      # A signal in place of a sentence: with sentences, kernels take twice as long to compile.
      target_compile_options(${objects} PRIVATE -fsanitize-trap=undefined)
    endif()
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
  target_compile_definitions(${target} PUBLIC ${PYINFO_KERNEL_DEFINITIONS})
endfunction()
