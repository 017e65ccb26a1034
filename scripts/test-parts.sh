#!/usr/bin/env bash
# The parts of the system that some tests need and that pip can't bring: a Chromium for the local chat's page, and
# bubblewrap for the sandbox.
# What is missing is installed where that is possible (root, apt-get). Else the tests in question skip and say so;
# in CI a missing part is a failure.
set -eu

chromium() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

if ! chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests …"
    export DEBIAN_FRONTEND=noninteractive
    timeout 300 apt-get -qq update && timeout 600 apt-get -qq install -y --no-install-recommends chromium >/dev/null || true
fi

if ! command -v bwrap >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing bubblewrap for the sandbox's tests …"
    export DEBIAN_FRONTEND=noninteractive
    timeout 300 apt-get -qq update && timeout 300 apt-get -qq install -y --no-install-recommends bubblewrap >/dev/null || true
fi

if ! command -v bwrap >/dev/null; then
    if [ "${CI:-}" = true ]; then
        echo "No bubblewrap, and it could not be installed: the tests of the sandbox can't run." >&2
        exit 1
    fi
    echo "No bubblewrap on this machine: the tests of the sandbox will be skipped."
fi

if ! chromium >/dev/null; then
    if [ "${CI:-}" = true ]; then
        echo "No Chromium, and it could not be installed: the browser tests can't run." >&2
        exit 1
    fi
    echo "No Chromium on this machine: the browser tests will be skipped."
fi

# Tool servers from npm. Their versions and hashes stand in tests/package-lock.json.
tool_servers() {
    [ -e tests/node_modules/.bin/mcp-server-filesystem ] && [ -e tests/node_modules/.bin/playwright-mcp ]
}

if ! tool_servers && command -v npm >/dev/null; then
    echo "Installing tool servers from npm for the tests …"
    for try in 1 2; do
        timeout 300 npm ci --prefix tests --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null || true
        if tool_servers; then break; fi
    done
fi
if ! tool_servers; then
    if [ "${CI:-}" = true ] && command -v npm >/dev/null && timeout 30 npm ping >/dev/null 2>&1; then
        echo "npm is here and answers, and the tool servers could not be installed: their tests can't run." >&2
        exit 1
    fi
    echo "No tool servers from npm on this machine: their tests will be skipped; those from PyPI run."
fi
