#!/bin/sh
# Installs Emporium: finds or gets Python 3.10 and uv, installs requirements.lock with its hashes
# and this project into a virtual environment, and compiles bytecode.
#
#   sh scripts/install.sh [VENV]        VENV is .venv unless named
#
# The stamp VENV/.installed is written last. With the stamp of this lock in place nothing happens;
# without it, or with another, the environment is made anew.
set -eu

cd "$(dirname "$0")/.."
ROOT=$(pwd -P)
LOCK_FILE=requirements.lock
BOOTSTRAP=$ROOT/.bootstrap
MINIMUM_UV=0.5

VENV=${1:-.venv}
case $VENV in /*) ;; *) VENV=$ROOT/$VENV ;; esac
STAMP=$VENV/.installed
MUTEX=$VENV.lock
TRASH=$VENV.trash
HOME=${HOME:-/nonexistent}
PYENV=${PYENV_ROOT:-$HOME/.pyenv}

say() { printf 'install: %s\n' "$*" >&2; }
fail() { printf 'install: error: %s\n' "$*" >&2; exit 1; }
indent() { sed 's/^/    /'; }

# What an installation depends on: the lock, the packaging and the folder (paths are baked in).
fingerprint() { { cat "$LOCK_FILE" setup.py; printf '%s\n' "$VENV"; } | cksum; }

installed() {
    [ -x "$VENV/bin/python" ] && [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(fingerprint)" ]
}

# --- looking for Python ---------------------------------------------------------------------------

# Prints each executable of that name on the PATH, a line each: the first may be a broken shim.
# What lies in the environment itself (someone activated it) goes when it is made anew.
on_path() (
    name=$1
    IFS=:
    set -f
    for dir in $PATH; do
        [ "$dir" = "$VENV/bin" ] && continue
        [ -f "${dir:-.}/$name" ] && [ -x "${dir:-.}/$name" ] && printf '%s\n' "${dir:-.}/$name"
    done
    return 0
)

# Prints the Pythons of this machine that may be 3.10, the likeliest first.
python310_candidates() {
    [ -z "${PYTHON:-}" ] || command -v "$PYTHON" || printf '%s\n' "$PYTHON"
    on_path python3.10
    for found in "$PYENV"/versions/3.10*/bin/python3.10 "$HOME"/.pyenv/versions/3.10*/bin/python3.10
    do
        [ -x "$found" ] && printf '%s\n' "$found"
    done
    on_path python3
    on_path python
}

# Prints the Pythons that may carry pip or venv, of any version.
any_python_candidates() {
    python310_candidates
    for found in "$PYENV"/versions/3.*/bin/python3; do
        [ -x "$found" ] && printf '%s\n' "$found"
    done
    return 0
}

# pyfarmhash, which TensorFlow Data Validation needs, is compiled here: hence the headers.
CHECK_310='
import os, sys, sysconfig
if sys.version_info[:2] != (3, 10):
    sys.exit("is Python %d.%d" % sys.version_info[:2])
header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
if not os.path.exists(header):
    sys.exit("is Python 3.10 without its headers (Debian: apt install python3.10-dev)")
'
CHECK_38='
import sys
if sys.version_info < (3, 8):
    sys.exit("is Python %d.%d, too old to fetch uv with" % sys.version_info[:2])
'

# Runs a check in a Python; on failure prints the last line of what it said.
check_python() {
    said=$("$1" -I -c "$2" 2>&1 </dev/null) && return 0
    said=$(printf '%s' "$said" | sed -n '/[^ ]/p' | tail -n 1)
    printf '%s: %s\n' "$1" "${said:-cannot be run}"
    return 1
}

# Sets FOUND to the first candidate (a line each) that passes the check; adds the others to TRIED.
first_python() {
    FOUND=
    while IFS= read -r candidate; do
        [ -n "$candidate" ] || continue
        if reason=$(check_python "$candidate" "$2"); then
            FOUND=$candidate
            return 0
        fi
        case $TRIED in *"$reason"*) ;; *) TRIED="$TRIED$reason
" ;; esac
    done <<EOF
$1
EOF
    return 1
}

# --- uv -------------------------------------------------------------------------------------------

# True for a uv that runs and knows every option used here.
usable_uv() {
    version=$("$1" --version 2>/dev/null </dev/null) || return 1
    version=${version#uv }
    major=${version%%.*}
    minor=${version#*.}
    minor=${minor%%.*}
    [ "$major" -gt "${MINIMUM_UV%%.*}" ] 2>/dev/null ||
        { [ "$major" -eq "${MINIMUM_UV%%.*}" ] && [ "$minor" -ge "${MINIMUM_UV#*.}" ]; } 2>/dev/null
}

# Sets UV: one on the PATH, one fetched before, or the one that the lock pins, by pip.
find_uv() {
    uvs=$(on_path uv; printf '%s\n' "$BOOTSTRAP/bin/uv")
    while IFS= read -r UV; do
        usable_uv "$UV" && return 0
    done <<EOF
$uvs
EOF
    fetch_uv
    UV=$BOOTSTRAP/bin/uv
    usable_uv "$UV" || fail "the uv that pip installed in $BOOTSTRAP does not run"
}

fetch_uv() {
    TRIED=
    rm -rf "$BOOTSTRAP"
    mkdir -p "$BOOTSTRAP"
    awk '/^uv==/ {on = 1; print; next} /^[^ ]/ {on = 0} on' "$LOCK_FILE" >"$BOOTSTRAP/uv.txt"
    candidates=$(any_python_candidates)
    while first_python "$candidates" "$CHECK_38"; do
        say "fetching uv with pip of $FOUND"
        pip_install_uv "$FOUND" >"$BOOTSTRAP/log" 2>&1 </dev/null && return 0
        TRIED="$TRIED$FOUND: $(tail -n 1 "$BOOTSTRAP/log")
"
        candidates=$(printf '%s\n' "$candidates" | awk -v at="$FOUND" 'on; $0 == at {on = 1}')
    done
    rm -rf "$BOOTSTRAP"
    say "uv, which installs the lock file, is not on the PATH and could not be fetched with pip:"
    printf '%s' "${TRIED:-no Python was found
}" | indent >&2
    fail "install uv (https://docs.astral.sh/uv/), or give a Python its pip" \
        "(Debian: apt install python3-pip or python3-venv), or check the network; then try again"
}

# pip is a module of that Python, or comes with the virtual environments that it makes.
pip_install_uv() {
    pip_target "$1" ||
        { "$1" -I -m venv "$BOOTSTRAP/venv" && pip_target "$BOOTSTRAP/venv/bin/python"; }
}

pip_target() {
    PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 "$1" -I -m pip install --quiet --no-deps \
        --only-binary :all: --require-hashes --disable-pip-version-check \
        --requirement "$BOOTSTRAP/uv.txt" --target "$BOOTSTRAP"
}

# --- Python 3.10 ----------------------------------------------------------------------------------

# Sets PYTHON310: one of this machine, or one that uv manages or gets.
find_python310() {
    TRIED=
    if first_python "$(python310_candidates)" "$CHECK_310"; then
        PYTHON310=$FOUND
        return 0
    fi
    managed() { UV_PYTHON_PREFERENCE=only-managed "$UV" python find 3.10 2>/dev/null; }
    if ! PYTHON310=$(managed); then
        say "no Python 3.10 on this machine; uv gets one"
        reason=$("$UV" python install 3.10 2>&1) || true
        PYTHON310=$(managed) || PYTHON310=
    fi
    [ -n "$PYTHON310" ] && first_python "$PYTHON310" "$CHECK_310" && return 0
    say "Emporium needs Python 3.10 (TFX 1.16 is not there for newer ones). What was tried:"
    {
        printf '%s\n' "\$PYTHON (${PYTHON:-not set}), python3.10 and python3 on the PATH," \
            "$PYENV/versions/3.10*, and uv python install 3.10:"
        printf '%s%s\n' "$TRIED" "uv: ${reason:-found nothing that runs}"
    } | indent >&2
    fail "install Python 3.10 (pyenv install 3.10; conda create -n py310 python=3.10; a package" \
        "of your system), name it with PYTHON=/path/to/python3.10, and try again"
}

# --- a compiler -----------------------------------------------------------------------------------

# One package, pyfarmhash, has no binary for Python 3.10. zig compiles it where nothing else can.
find_compiler() {
    for name in "${CXX:-c++}" c++ g++ clang++; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    zig=$BOOTSTRAP/zig
    say "no C++ compiler on this machine: uv gets zig (80 MB); compiling takes three minutes, once"
    "$UV" pip install --quiet --python "$PYTHON310" --target "$zig" --no-deps --require-hashes \
        --requirements scripts/compiler.txt ||
        fail "a C++ compiler is needed and could not be fetched (Debian and Ubuntu: apt install g++)"
    for language in cc c++; do
        printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$zig/ziglang/zig" "$language" >"$zig/$language"
        chmod +x "$zig/$language"
    done
    export CC="'$zig/cc'" CXX="'$zig/c++'"
}

# --- the environment ------------------------------------------------------------------------------

check_machine() {
    case $(uname -s)-$(uname -m) in
        Linux-x86_64 | Linux-amd64) ;;
        *) fail "TFX has packages for Linux on x86-64 only, this is $(uname -s) on $(uname -m);" \
            "use the image of the Dockerfile, or WSL 2 on Windows" ;;
    esac
    if [ -e "$VENV" ] && [ ! -f "$VENV/pyvenv.cfg" ] && [ -n "$(ls -A "$VENV")" ]; then
        fail "$VENV is there and is no virtual environment: move it away, or name another folder"
    fi
}

# A company's proxy often signs with a certificate that only the system's store knows.
use_system_certificates() {
    for store in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
        if [ -f "$store" ]; then
            export SSL_CERT_FILE="${SSL_CERT_FILE:-$store}" PIP_CERT="${PIP_CERT:-$store}"
            return 0
        fi
    done
}

# One installation at a time. What is started here inherits the lock, so that an installer which
# outlives a killed script is waited for too.
take_mutex() {
    mkdir -p "$(dirname "$MUTEX")"
    exec 9>"$MUTEX"
    flock -n 9 || {
        say "waiting for another installation into $VENV"
        flock 9
    }
}

# Moved away before it is deleted, so that a deletion that is cut short leaves no half of it.
remove_environment() {
    rm -rf "$TRASH"
    [ ! -e "$VENV" ] || mv "$VENV" "$TRASH"
    rm -rf "$TRASH"
}

MAKING=
clean_up() {
    status=$?
    trap - EXIT
    if [ -n "$MAKING" ]; then
        say "not finished, removing $VENV"
        remove_environment
    fi
    exit "$status"
}

make_environment() {
    say "1/3 $VENV with $PYTHON310"
    remove_environment
    MAKING=yes
    "$UV" venv --quiet --prompt emporium --python "$PYTHON310" "$VENV"
    say "2/3 packages of $LOCK_FILE, then their bytecode: about 3 GB, a few minutes"
    # The build constraints are the same lock: what has no binary package is built with its tools.
    "$UV" pip sync --python "$VENV/bin/python" --require-hashes --compile-bytecode \
        --build-constraints "$LOCK_FILE" "$LOCK_FILE"
    say "3/3 this project, editable"
    "$UV" pip install --quiet --python "$VENV/bin/python" --no-deps --no-build-isolation \
        --offline --editable "$ROOT"
    fingerprint >"$STAMP"
    MAKING=
}

installed && exit 0
check_machine
take_mutex
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
installed && exit 0
unset PYTHONHOME PYTHONPATH
export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
use_system_certificates
find_uv
find_python310
find_compiler
started=$(date +%s)
make_environment
say "done in $(($(date +%s) - started)) s"
