# One static library a room, and `aha`, the library that outsiders link, made of all of them.

# Precompiled headers, by what a file needs. Each carries only what many files use, since every file pays for all of it,
# used or not: 0.5 s for the first, 1.3 s with tensors, 2.5 s with own autograd functions (torch/torch.h: 5 s).
set(AHA_LIBRARIES nlohmann_json::nlohmann_json fmt::fmt spdlog::spdlog yaml-cpp XxHash::XxHash Threads::Threads)
set(AHA_STANDARD_HEADERS
  <algorithm> <array> <cmath> <cstdint> <cstring> <filesystem> <functional> <map> <memory> <optional>
  <span> <string> <string_view> <unordered_map> <utility> <vector>)
set(AHA_TENSOR_HEADERS
  <ATen/TensorOperators.h> <ATen/core/Tensor.h> <ATen/core/grad_mode.h> <ATen/ops/empty.h> <ATen/ops/empty_like.h>
  <ATen/ops/tensor.h> <ATen/ops/zeros.h> <ATen/ops/zeros_like.h>)
# LibTorch's own headers include single operators then, not all 2000 of them.
add_compile_definitions(AT_PER_OPERATOR_HEADERS)

# aha_precompile(NAME LIBRARIES target… HEADERS <header>…)
function(aha_precompile name)
  cmake_parse_arguments(PCH "" "" "LIBRARIES;HEADERS" ${ARGN})
  add_library(aha_pch_${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/empty.cpp)
  target_link_libraries(aha_pch_${name} PRIVATE ${PCH_LIBRARIES} ${AHA_LIBRARIES})
  target_precompile_headers(aha_pch_${name} PRIVATE ${AHA_STANDARD_HEADERS} ${PCH_HEADERS})
endfunction()

aha_precompile(plain HEADERS <fmt/format.h> <nlohmann/json.hpp>)
aha_precompile(tensor LIBRARIES LibTorch::LibTorch
               HEADERS ${AHA_TENSOR_HEADERS} <fmt/format.h> <nlohmann/json.hpp>)
aha_precompile(autograd LIBRARIES LibTorch::LibTorch
               HEADERS ${AHA_TENSOR_HEADERS} <ATen/Dispatch.h> <torch/csrc/autograd/custom_function.h>)

set(AHA_ROOMS)

# Files without hot loops compile a third faster so.
function(aha_quick_compile target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# Several files at a time: half the time, since they share what every file pays for its headers. Names in anonymous
# namespaces must therefore be unique in a room. The debug and asan presets compile each file alone, which finds a
# missing include.
option(AHA_UNITY "Compile several small files at a time" ON)
function(aha_compile_together target files_at_a_time)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${AHA_UNITY} UNITY_BUILD_BATCH_SIZE ${files_at_a_time})
endfunction()

# aha_room(NAME [PRECOMPILED plain|tensor|autograd] [ROOMS room…] [LIBRARIES target…] [PLAIN file…] [PROGRAMS folder…])
#   PLAIN  files of a room with LibTorch that include none of its headers, not even through ours: patterns below
#          src/NAME; they are compiled as those of a room without it are
#   PROGRAMS  folders below src/NAME with the sources of programs of their own
function(aha_room name)
  cmake_parse_arguments(ROOM "" "PRECOMPILED" "ROOMS;LIBRARIES;PLAIN;PROGRAMS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  foreach(folder IN LISTS ROOM_PROGRAMS)
    list(FILTER sources EXCLUDE REGEX "/src/${name}/${folder}/")
  endforeach()
  set(plain)
  foreach(pattern IN LISTS ROOM_PLAIN)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/${pattern})
    list(APPEND plain ${files})
  endforeach()
  set(objects $<TARGET_OBJECTS:aha_${name}>)
  if(plain)
    list(REMOVE_ITEM sources ${plain})
    add_library(aha_${name}_plain OBJECT ${plain})
    target_include_directories(aha_${name}_plain PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(aha_${name}_plain PRIVATE ${AHA_LIBRARIES})
    target_precompile_headers(aha_${name}_plain REUSE_FROM aha_pch_plain)
    list(APPEND sources $<TARGET_OBJECTS:aha_${name}_plain>)
    list(APPEND objects $<TARGET_OBJECTS:aha_${name}_plain>)
  endif()
  add_library(aha_${name} STATIC ${sources} ${PROJECT_SOURCE_DIR}/cmake/empty.cpp)
  target_include_directories(aha_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
  foreach(room IN LISTS ROOM_ROOMS)
    target_link_libraries(aha_${name} PUBLIC aha_${room})
  endforeach()
  target_link_libraries(aha_${name} PUBLIC ${ROOM_LIBRARIES} ${AHA_LIBRARIES})
  if(ROOM_PRECOMPILED)
    target_link_libraries(aha_${name} PUBLIC LibTorch::LibTorch)
    target_precompile_headers(aha_${name} REUSE_FROM aha_pch_${ROOM_PRECOMPILED})
  else()
    target_precompile_headers(aha_${name} REUSE_FROM aha_pch_plain)
  endif()
  set(AHA_ROOMS ${AHA_ROOMS} ${name} PARENT_SCOPE)
  set(AHA_ROOM_OBJECTS ${AHA_ROOM_OBJECTS} ${objects} PARENT_SCOPE)
  set(AHA_ROOM_LIBRARIES ${AHA_ROOM_LIBRARIES} ${ROOM_LIBRARIES} PARENT_SCOPE)
endfunction()

# aha_embed_program(TARGET IMAGE MACRO): the library carries a program. The source IMAGE takes it in, by .incbin of the
# path that MACRO has while it is compiled.
function(aha_embed_program target image macro)
  set(folder ${PROJECT_BINARY_DIR}/embedded)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${folder})
  set_source_files_properties(${image} PROPERTIES OBJECT_DEPENDS ${folder}/${target} SKIP_UNITY_BUILD_INCLUSION ON
                              COMPILE_DEFINITIONS "${macro}=\"${folder}/${target}\"")
endfunction()

add_executable(aha_command_keeper src/reward/command/keeper/keeper.cpp)
target_include_directories(aha_command_keeper PRIVATE src)
target_link_options(aha_command_keeper PRIVATE -Wl,--as-needed)  # it needs libc alone
aha_embed_program(aha_command_keeper ${PROJECT_SOURCE_DIR}/src/reward/command/keeper_image.cpp AHA_COMMAND_KEEPER)
include(cmake/box.cmake)

aha_room(core)
aha_room(data ROOMS core LIBRARIES PCRE2::PCRE2 Utf8proc::Utf8proc)
aha_room(report ROOMS core)
aha_room(ops PRECOMPILED autograd ROOMS core
         PLAIN cpu_gemm.cpp cpu_math.cpp packed_sequences.cpp route_row.cpp cpu/*.cpp)
target_sources(aha_ops PRIVATE cmake/fmt.cpp)
aha_room(objective PRECOMPILED autograd ROOMS ops)
aha_room(model PRECOMPILED tensor ROOMS ops
         PLAIN families/*.cpp config*.cpp family.cpp field_reader.cpp json_file.cpp layout.cpp lora_layout.cpp
               rope_*.cpp router_shape.cpp safetensors_header.cpp)
aha_room(rollout PRECOMPILED tensor ROOMS model data)
aha_room(reward PRECOMPILED tensor ROOMS rollout data LIBRARIES CLD2::CLD2
         PLAIN *.cpp math/*.cpp code/*.cpp command/*.cpp rules/*.cpp sandbox/*.cpp
         PROGRAMS command/keeper sandbox/box)
aha_room(evaluate PRECOMPILED tensor ROOMS reward rollout)
aha_room(train PRECOMPILED tensor ROOMS reward rollout objective report)
aha_room(pipeline PRECOMPILED tensor ROOMS train evaluate
         PLAIN checkpoint.cpp completion_filter.cpp data_source.cpp mixture.cpp recipe.cpp reward_reference.cpp
               reward_trend.cpp reward_watch.cpp stage.cpp stage_table.cpp task_set.cpp)

foreach(room evaluate model_plain pipeline pipeline_plain report)
  aha_quick_compile(aha_${room})
endforeach()

foreach(room core data evaluate report reward reward_plain rollout)
  aha_compile_together(aha_${room} 4)
endforeach()

include(cmake/cpu_kernels.cmake OPTIONAL)

add_library(aha STATIC ${AHA_ROOM_OBJECTS})
add_library(aha::aha ALIAS aha)
target_include_directories(aha PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
target_link_libraries(aha PUBLIC LibTorch::LibTorch ${AHA_ROOM_LIBRARIES} ${AHA_LIBRARIES})
