# Sourced by the other scripts: makes .venv from the lock file, once.
# `source setup.sh run` installs only what running needs.
# The lock file is made by `uv pip compile pyproject.toml --extra dev --universal
# --python-version 3.10 --no-header -o requirements.lock`, less PyTorch's CUDA packages.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
    local python
    for python in "${PYTHON:-}" python3.11 python3.12 python3.13 python3.10 python3; do
        [ -n "$python" ] && "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null &&
            { echo "$python"; return; }
    done
    echo "error: Python 3.10 to 3.13 is needed; install one, or name it: PYTHON=/path/to/python $0" >&2
    return 1
}

stamp=$(cat requirements.lock pyproject.toml | cksum)
made=$(cat .venv/stamp 2>/dev/null || true)
if [ "$made" != "dev $stamp" ] && [ "$made" != "${1:-dev} $stamp" ]; then
    echo "setting up .venv (once, a minute or two) …" >&2
    "$(find_python)" -m venv --clear .venv
    pip() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" >&2; }
    if [ "${1:-dev}" = run ]; then
        pip --constraint requirements.lock --editable .
    else
        pip --requirement requirements.lock
        pip --no-deps --editable .
    fi
    unset -f pip
    echo "${1:-dev} $stamp" >.venv/stamp
fi
export PATH="$PWD/.venv/bin:$PATH"
