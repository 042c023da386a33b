#!/usr/bin/env bash
# Every C++ file is as clang-format writes it.
set -euo pipefail
git ls-files 'include/*.h' 'src/*.h' 'src/*.cpp' 'tools/*.h' 'tools/*.cpp' 'tests/*.h' 'tests/*.cpp' 'examples/*.cpp' |
  xargs clang-format --dry-run -Werror
