# Sourced by the peers' scripts. Sets root, aha (the program: AHA, or build/release/aha), peers (the folder for what
# they make: PEERS, or build/peers), python (with the peers) and jemalloc, which is installed where it is missing.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../../tools/setup.sh"

aha=${AHA:-$root/build/release/aha}
peers=${PEERS:-$root/build/peers}
python=$root/.venv/bin/python
[ -x "$aha" ] || stop_missing "$aha is missing; build it first"
has_python transformers trl || stop_missing "transformers or trl is missing from $root/.venv; tools/check installs them"
install_debian libjemalloc2
jemalloc=$(ldconfig -p | awk '/libjemalloc\.so/ && !path {path = $NF} END {print path}')
common=(--aha "$aha" --folder "$peers" --configs "$root/configs/models" --jemalloc "$jemalloc")
