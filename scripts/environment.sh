#!/usr/bin/env bash
# Makes .venv with the first Python that is new enough: the one named, python3, or a numbered one beside it.
set -eu

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for python in "${1:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
    if new_enough "$python"; then
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$python has no venv module. On Debian or Ubuntu: sudo apt install python3-venv" >&2
            exit 1
        fi
        if ! new_enough .venv/bin/python; then
            echo "Making the environment in .venv with $("$python" --version) …"
            rm -rf .venv # of a Python that is gone or too old
        fi
        exec "$python" -m venv .venv
    fi
done

found=$("${1:-python3}" --version 2>&1 || true)
echo "Milepost needs Python 3.11 or newer, and ${1:-python3} is ${found:-missing}. Name another: make run PYTHON=/path/to/python" >&2
exit 1
