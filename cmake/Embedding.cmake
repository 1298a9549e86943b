# What other packages build on: the header, the CMake package and the pkg-config file; and libpyinfo,
# unless this is a build for Python, where the functions are reached through the extension module.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

if(PYINFO_PYTHON)
  set(include_dir pyinfo/include)
  set(package_dir pyinfo/cmake)
  set(pkgconfig_dir pyinfo/pkgconfig)
  set(pkgconfig_libs "")
else()
  set(include_dir ${CMAKE_INSTALL_INCLUDEDIR})
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pyinfo)
  set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  set(cxx_library $<IF:$<PLATFORM_ID:Darwin>,-lc++,-lstdc++>)
  set(
    pkgconfig_libs
    "libdir=\${prefix}/${CMAKE_INSTALL_LIBDIR}\nLibs: -L\${libdir} -lpyinfo\nLibs.private: ${cxx_library} -lm -pthread\n"
  )
endif()

add_library(pyinfo_headers INTERFACE)
set_target_properties(pyinfo_headers PROPERTIES EXPORT_NAME headers)
target_sources(
  pyinfo_headers
  INTERFACE FILE_SET HEADERS BASE_DIRS csrc/include FILES csrc/include/pyinfo/pyinfo.h
)
install(TARGETS pyinfo_headers EXPORT pyinfo FILE_SET HEADERS DESTINATION ${include_dir})

if(NOT PYINFO_PYTHON)
  file(STRINGS csrc/include/pyinfo/pyinfo.h abi_line REGEX "^#define PYINFO_ABI_VERSION ")
  string(REGEX MATCH "[0-9]+$" abi_version "${abi_line}")

  # The C interface is compiled once more, for only a shared library has anything to export.
  add_library(pyinfo_shared SHARED ${abi_sources})
  target_link_libraries(pyinfo_shared PRIVATE pyinfo_core)
  target_compile_definitions(
    pyinfo_shared
    PRIVATE PYINFO_BUILDING_SHARED PYINFO_VERSION="${PYINFO_VERSION}"
  )
  set_target_properties(
    pyinfo_shared
    PROPERTIES
      EXPORT_NAME pyinfo
      OUTPUT_NAME pyinfo
      SOVERSION ${abi_version}
      VERSION ${abi_version}.${PROJECT_VERSION}
  )
  if(UNIX AND NOT APPLE)
    # Nor what the C++ library's templates would add.
    set(exports ${CMAKE_CURRENT_SOURCE_DIR}/cmake/exports.map)
    target_link_options(pyinfo_shared PRIVATE LINKER:--version-script=${exports})
    set_target_properties(pyinfo_shared PROPERTIES LINK_DEPENDS ${exports})
  endif()
  pyinfo_warnings(pyinfo_shared)

  get_target_property(kernels pyinfo_core SOURCES)
  list(FILTER kernels INCLUDE REGEX TARGET_OBJECTS)
  add_library(pyinfo_static STATIC $<TARGET_OBJECTS:pyinfo_core> ${kernels})
  target_link_libraries(pyinfo_static PUBLIC Threads::Threads)
  set_target_properties(
    pyinfo_static
    PROPERTIES LINKER_LANGUAGE CXX OUTPUT_NAME $<IF:$<BOOL:${WIN32}>,pyinfo_static,pyinfo>
  )

  foreach(library pyinfo_shared pyinfo_static)
    target_link_libraries(${library} PUBLIC pyinfo_headers)
  endforeach()
  install(TARGETS pyinfo_shared pyinfo_static EXPORT pyinfo)
endif()

install(EXPORT pyinfo FILE pyinfo-targets.cmake NAMESPACE pyinfo:: DESTINATION ${package_dir})
configure_package_config_file(
  cmake/pyinfo-config.cmake.in
  pyinfo-config.cmake
  INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO
)
write_basic_package_version_file(
  pyinfo-config-version.cmake
  COMPATIBILITY SameMinorVersion
  ARCH_INDEPENDENT
)
install(
  FILES
    ${CMAKE_CURRENT_BINARY_DIR}/pyinfo-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/pyinfo-config-version.cmake
  DESTINATION ${package_dir}
)

# Relative to where the file lies, so that the tree may be moved.
file(RELATIVE_PATH prefix_from_pkgconfig /${pkgconfig_dir} /)
cmake_path(RELATIVE_PATH include_dir BASE_DIRECTORY . OUTPUT_VARIABLE include_from_prefix)
file(
  GENERATE OUTPUT pyinfo.pc
  CONTENT
    "prefix=\${pcfiledir}/${prefix_from_pkgconfig}
includedir=\${prefix}/${include_from_prefix}
Name: pyinfo
Description: ${PROJECT_DESCRIPTION}
Version: ${PROJECT_VERSION}
Cflags: -I\${includedir}
${pkgconfig_libs}"
)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pyinfo.pc DESTINATION ${pkgconfig_dir})
