#!/usr/bin/env bash
# How long does the demonstration take from nothing to its reports, once the program is built?
#
#   benches/demo.sh [THREADS]
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --quiet
twin="${CARGO_TARGET_DIR:-target}/release/twin"
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT
time "$twin" ${1:+--threads "$1"} demo --out "$out/demo"
