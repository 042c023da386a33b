#!/usr/bin/env bash
# Builds llama.cpp's batched bench, and our program that prints its logits, from llama-cpp-python's source distribution.
#   build_llama_cpp.sh FOLDER
# FOLDER/bin then holds llama-batched-bench and llama_logits, compiled for the machine at hand. A second call does what
# is left to do. JOBS says how many compilers run (2).
set -euo pipefail

version=0.3.36
root=$(cd "$(dirname "$0")/../../.." && pwd)
mkdir -p "${1:?where to build, e.g. build/peers}"
folder=$(cd "$1" && pwd)
python=$root/.venv/bin/python
source=$folder/llama_cpp_python-$version
build=$folder/llama.cpp-build
export PATH=$root/.venv/bin:$PATH

[ -x "$python" ] || { echo "$root/.venv is missing; tools/check makes it" >&2; exit 3; }
"$python" -c 'import gguf, scikit_build_core' 2>/dev/null ||
  "$python" -m pip install --quiet --disable-pip-version-check -r "$root/tests/bench/peers/requirements.txt"
if [ ! -d "$source" ]; then
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-binary :all: \
    --dest "$folder" "llama-cpp-python==$version"
  tar -xzf "$source.tar.gz" -C "$folder"
fi

[ -f "$build/build.ninja" ] || cmake -S "$source/vendor/llama.cpp" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DGGML_NATIVE=ON -DGGML_CCACHE=OFF -DBUILD_SHARED_LIBS=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
  -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_BUILD_TOOLS=ON -DLLAMA_OPENSSL=OFF \
  >"$folder/llama.cpp-configure.log"
nice ninja -C "$build" -j "${JOBS:-2}" llama-batched-bench >"$folder/llama.cpp-build.log" ||
  { tail -20 "$folder/llama.cpp-build.log" >&2; exit 1; }

mkdir -p "$folder/bin"
cp "$build/bin/llama-batched-bench" "$folder/bin/"
include=$source/vendor/llama.cpp
g++ -O2 -std=c++20 -I"$include/include" -I"$include/ggml/include" "$root/tests/bench/peers/llama_logits.cpp" \
  -o "$folder/bin/llama_logits" "$build/src/libllama.a" "$build/ggml/src/libggml.a" "$build/ggml/src/libggml-cpu.a" \
  "$build/ggml/src/libggml-base.a" -fopenmp -lpthread -ldl
