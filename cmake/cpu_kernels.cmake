# Flags of the CPU kernels: the same source once per instruction set, chosen at run time.
set(kernel_sources
  ${PROJECT_SOURCE_DIR}/src/ops/cpu/kernels_avx512.cpp
  ${PROJECT_SOURCE_DIR}/src/ops/cpu/kernels_avx512_bf16.cpp
  ${PROJECT_SOURCE_DIR}/src/ops/cpu/kernels_avx2.cpp
  ${PROJECT_SOURCE_DIR}/src/ops/cpu/kernels_portable.cpp)

# No precompiled header: these sources must share no inline function with code for other machines. Products and sums
# are fused only where written so, for the same bits in every set that has the fused instruction.
set_source_files_properties(${kernel_sources} PROPERTIES
  SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS "-O3;-ffp-contract=off;-fno-math-errno;-fno-trapping-math")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # GCC 12 takes the undefined operands inside its own intrinsics for mistakes.
  set(avx512 -mavx512f -mavx512vl -mavx512dq -mavx512bw -mfma -Wno-uninitialized -Wno-maybe-uninitialized)
  set_property(SOURCE ${PROJECT_SOURCE_DIR}/src/ops/cpu/kernels_avx512.cpp APPEND PROPERTY COMPILE_OPTIONS ${avx512})
  set_property(SOURCE ${PROJECT_SOURCE_DIR}/src/ops/cpu/kernels_avx512_bf16.cpp APPEND PROPERTY COMPILE_OPTIONS
    ${avx512} -mavx512bf16)
  set_property(SOURCE ${PROJECT_SOURCE_DIR}/src/ops/cpu/kernels_avx2.cpp APPEND PROPERTY COMPILE_OPTIONS -mavx2 -mfma)
endif()

# The benchmark of these kernels and of the ops on them, built on demand: `ninja bench_ops`.
find_package(benchmark QUIET)
if(benchmark_FOUND)
  file(GLOB bench_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/bench/ops/*.cpp)
  add_executable(bench_ops EXCLUDE_FROM_ALL ${bench_sources})
  target_link_libraries(bench_ops PRIVATE aha_ops benchmark::benchmark benchmark::benchmark_main)
  set_target_properties(bench_ops PROPERTIES POSITION_INDEPENDENT_CODE OFF)  # -fPIE is not what the header was built with
  target_compile_options(bench_ops PRIVATE -fPIC)
  target_precompile_headers(bench_ops REUSE_FROM aha_pch_tensor)
endif()
