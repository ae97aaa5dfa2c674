#!/usr/bin/env bash
# Makes the virtual environment that everything runs in: one lock, one resolve, byte code compiled.
# Usage: setup/venv.sh [FOLDER]   (default .venv; `make setup` calls it)
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
say() { printf 'set-up: %s\n' "$*" >&2; }

supported='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'
python=
for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
  if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && "$candidate" -c "$supported" 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ] && command -v uv >/dev/null; then
  say "no Python 3.11 to 3.13 on PATH; asking uv for one"
  uv python install -q 3.12 && python=$(uv python find 3.12)
fi
if [ -z "$python" ]; then
  say "Python 3.11, 3.12 or 3.13 is needed and none was found on PATH (found: $(python3 --version 2>&1 || true))."
  say "Install one, or name it: PYTHON=/path/to/python3.12 make setup"
  exit 2
fi

if ! "$venv/bin/python" -c "$supported" 2>/dev/null; then
  rm -rf "$venv"
  "$python" -m venv "$venv"
fi
# uv itself comes from the same lock: its lines are cut out of it, hashes included.
awk '/^[a-z]/{own = /^uv==/} own' requirements.lock >"$venv/uv.lock"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r "$venv/uv.lock"

say "installing $(grep -c '^[a-z].*==' requirements.lock) locked packages into $venv (${python})"
export UV_LINK_MODE=${UV_LINK_MODE:-hardlink} VIRTUAL_ENV=$PWD/$venv
"$venv/bin/uv" pip sync -q --python "$venv/bin/python" --require-hashes requirements.lock 2> >(grep -v hardlink >&2 || true)
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --no-deps --no-build-isolation -e . 2> >(grep -v hardlink >&2 || true)

say "compiling byte code"
PYTHONWARNINGS=ignore "$venv/bin/python" setup/bytecode.py  # packages of others, compiled by newer Pythons
touch "$venv/.ready"
say "done"
