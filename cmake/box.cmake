# aha_box, the program that makes the boxes of the sandbox: small, static, without LibTorch; the library carries it.
find_library(SECCOMP_STATIC_LIBRARY libseccomp.a REQUIRED)
find_path(SECCOMP_INCLUDE_DIR seccomp.h REQUIRED)
file(GLOB box_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/reward/sandbox/box/*.cpp)
add_executable(aha_box ${box_sources})
set_target_properties(aha_box PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_include_directories(aha_box PRIVATE ${PROJECT_SOURCE_DIR}/src ${SECCOMP_INCLUDE_DIR})
# Sanitizers need a shared C library.
target_compile_options(aha_box PRIVATE -fno-exceptions -fno-rtti -fno-sanitize=all)
target_link_options(aha_box PRIVATE -static -s -fno-sanitize=all)
target_link_libraries(aha_box PRIVATE ${SECCOMP_STATIC_LIBRARY})
aha_embed_program(aha_box ${PROJECT_SOURCE_DIR}/src/reward/sandbox/box_image.cpp AHA_BOX_PROGRAM)
