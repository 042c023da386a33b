# cmake --install: library, headers, program, and a package that find_package(aha) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS aha EXPORT aha-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS aha_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
set_target_properties(aha_program PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(DIRECTORY include/aha DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/aha)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/aha)
install(EXPORT aha-targets NAMESPACE aha:: DESTINATION ${package_dir})
get_filename_component(AHA_LIBTORCH_ROOT ${LibTorch_INCLUDE_DIR} DIRECTORY)
configure_package_config_file(cmake/aha-config.cmake.in ${PROJECT_BINARY_DIR}/aha-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/aha-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/aha-config.cmake ${PROJECT_BINARY_DIR}/aha-config-version.cmake
              cmake/FindLibTorch.cmake cmake/FindXxHash.cmake cmake/FindPCRE2.cmake cmake/FindUtf8proc.cmake
              cmake/FindCLD2.cmake
              DESTINATION ${package_dir})
