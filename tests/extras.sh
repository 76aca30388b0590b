#!/bin/sh
# `make extras-test`: the tests that `make test` skips on a bare machine, with everything installed
# that they ask for (deploy/set-up.sh extras). One that still skips is a failure.
set -eu
cd "$(dirname "$0")/.."
export DDSP_EDGE_LONG=1 # what takes long may not skip either
said=$(mktemp)
trap 'rm -f "$said"' EXIT
.venv-extras/bin/python -m pytest -q tests/packaging tests/ddsp_edge/bench/analyser \
    tests/ddsp_edge/training/study tests/ddsp_edge/remote/test_deploy.py tests/ddsp_edge/network \
    tests/native/test_kernel_c.py >"$said" 2>&1 || {
    cat "$said"
    exit 1
}
tail -n 1 "$said"
if grep '^SKIPPED' "$said"; then
    echo "extras-test: these skipped although everything should be here" >&2
    exit 1
fi
