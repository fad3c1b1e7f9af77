#!/usr/bin/env bash
# Makes the virtual environment $1 from pinned, hashed requirements with the first interpreter that really starts.
set -euo pipefail
venv=${1:-.venv}

starts() { "$1" -c 'import sys, venv, ensurepip; sys.exit(not ((3, 12) <= sys.version_info < (3, 14)))' >/dev/null 2>&1; }

# Where pyenv keeps its versions: its variable, the home, and the parents of its folders on the path (the home may be
# another one than pyenv was installed in).
pyenv_roots() {
  echo "${PYENV_ROOT:-$HOME/.pyenv}"
  tr ':' '\n' <<<"$PATH" | sed -nE 's#^(.*)/(shims|bin)/?$#\1#p' | sort -u
}

find_python() {
  if [ -n "${PYTHON:-}" ]; then
    starts "$PYTHON" && { command -v "$PYTHON"; return 0; }
    echo "PYTHON=$PYTHON does not start as Python 3.12 or 3.13" >&2
    return 1
  fi
  local candidate root
  for candidate in python3.13 python3.12 python3; do
    starts "$candidate" && { command -v "$candidate"; return 0; }
  done
  for root in $(pyenv_roots); do
    for candidate in "$root"/versions/3.1[23]*/bin/python; do
      starts "$candidate" && { echo "$candidate"; return 0; }
    done
  done
  return 1
}

# uv installs in seconds what takes pip minutes; where it cannot reach a package index that pip is set up for, pip does.
install() {
  local uv
  if ! uv=$(command -v uv); then
    with_pip --require-hashes -r requirements/uv.txt
    uv=$venv/bin/uv
  fi
  if "$uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements/all.txt; then
    "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
  else
    echo "uv could not install the requirements, trying pip"
    with_pip --require-hashes -r requirements/all.txt
    with_pip --no-deps --no-build-isolation -e .
  fi
}

with_pip() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

if [ ! -x "$venv/bin/python" ]; then
  if python=$(find_python); then
    echo "making $venv with $python"
    "$python" -m venv "$venv"
  elif [ -z "${PYTHON:-}" ] && command -v uv >/dev/null 2>&1; then
    echo "making $venv with uv's Python 3.12"
    uv venv --quiet --python 3.12 --seed "$venv"
  else
    echo "No Python 3.12 or 3.13 starts here: install one, or uv, or name it with PYTHON=/path/to/python3.12" >&2
    exit 1
  fi
fi
echo "installing pinned requirements"
install
