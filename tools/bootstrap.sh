#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Make this checkout ready: `sh tools/bootstrap.sh run|test`. `make run` and `make test` call it.
#
# Holds:    .venv with the locked Python packages (requirements.lock) and `elfin` itself; as root
#           also the Debian packages of tools/apt-packages.txt.
# Promises: only apt needs root. Without root nothing outside this folder changes: a missing Python
#           is unpacked below build/ instead, and what else is missing is named with the command that
#           installs it. A second call changes nothing, is instant and needs no network.
# Refuses:  a .venv that is a symbolic link is somebody's own: it is left as it is.
set -eu

group=${1:-run}
cd "$(dirname "$0")/.."
[ -L .venv ] && exit 0

say() { echo "elfin: $*" >&2; }

packages() { # the Debian packages of $group, one per line
    awk -v group="$group" '
        $1 == "run" || ($1 == "test" && group == "test") { print $2 }' tools/apt-packages.txt
}

missing_packages() {
    for package in $(packages); do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || printf '%s ' "$package"
    done
}

apt_install() { # $@: packages. Fetches the lists first when they are too old or not there.
    export DEBIAN_FRONTEND=noninteractive
    options='--yes --no-install-recommends -o Dpkg::Use-Pty=0 -o Acquire::Retries=3'
    # shellcheck disable=SC2086
    apt-get $options -qq install "$@" </dev/null >build/apt.log 2>&1 && return
    apt-get -qq -o Acquire::Retries=3 update </dev/null >build/apt.log 2>&1 || true
    # shellcheck disable=SC2086
    apt-get $options -qq install "$@" </dev/null >>build/apt.log 2>&1 && return
    cat build/apt.log >&2
    say "apt-get could not install: $*"
    exit 1
}

is_python_fit() { # $1: an interpreter; fit: 3.11 or later, with venv and pip's wheel
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Without root: apt downloads, dpkg-deb unpacks, both below build/python.
private_python() {
    at=$PWD/build/python
    python=$at/tree/usr/bin/python3
    if [ ! -x "$python" ]; then
        say "no Python 3.11 with venv here: unpacking Debian's below build/python"
        mkdir -p "$at/lists/partial" "$at/cache/archives/partial" "$at/tree"
        set -- -qq -o "Dir::State::Lists=$at/lists" -o "Dir::Cache=$at/cache" \
            -o Debug::NoLocking=1 -o APT::Sandbox::User= -o Acquire::Retries=3
        if ! { apt-get "$@" update &&
               apt-get "$@" --yes --no-install-recommends --download-only install python3-venv
             } </dev/null >build/apt.log 2>&1; then
            cat build/apt.log >&2
            say "Python 3.11 or later with venv is needed; ask for:" \
                "apt-get install --no-install-recommends python3 python3-venv"
            exit 1
        fi
        for archive in "$at"/cache/archives/*.deb; do
            dpkg-deb -x "$archive" "$at/tree"
        done
        # Of the libraries that this Python needs and a minimal Debian lacks only SQLite matters here.
        for library in "$at"/tree/usr/lib/*/libsqlite3.so.0; do
            sed -i "1i import ctypes; ctypes.CDLL('$library')" \
                "$at"/tree/usr/lib/python3.*/sqlite3/__init__.py
        done
    fi
    "$python" -m venv --clear --without-pip .venv
    for wheel in "$at"/tree/usr/share/python-wheels/pip-*.whl; do
        PYTHONPATH=$wheel .venv/bin/python -m pip install --quiet --no-index "$wheel"
    done
}

make_venv() {
    for candidate in /usr/bin/python3 python3; do
        if is_python_fit "$candidate"; then
            "$candidate" -m venv --clear .venv
            return
        fi
    done
    private_python
}

# --- what is wanted, and is it there already? ---
mkdir -p build
inputs='requirements.lock pyproject.toml tools/apt-packages.txt tools/bootstrap.sh'
# shellcheck disable=SC2086
wanted=$(cat $inputs | cksum)
stamp=.venv/.ready-$group

missing=$(missing_packages)
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing from Debian: $missing"
    # shellcheck disable=SC2086
    apt_install $missing
    missing=
fi

if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    say "making .venv (build/pip.log)"
    make_venv
    pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip --no-input"
    if ! { $pip install --require-hashes --only-binary=:all: -r requirements.lock &&
           $pip install --no-deps --no-build-isolation --no-index -e .
         } </dev/null >build/pip.log 2>&1; then
        tail -n 20 build/pip.log >&2
        say "pip could not install what requirements.lock names"
        exit 1
    fi
    echo "$wanted" >.venv/.ready-run
    echo "$wanted" >.venv/.ready-test
fi

# Without root the rest is optional: say once per call how to get it.
optional=$(echo "$missing" | tr ' ' '\n' | grep -v '^python3\|^ca-certificates' | tr '\n' ' ')
if [ -n "${optional# }" ]; then
    say "not installed: ${optional}· what needs them is left out; to get them:" \
        "sudo apt-get install --no-install-recommends $optional"
fi
