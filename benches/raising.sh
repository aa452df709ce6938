#!/usr/bin/env bash
# How long does the elevation potential of a hundred thousand houses take, and that of a block whose rule changes?
#
#   benches/raising.sh [FOLDER] [THREADS]
set -euo pipefail
cd "$(dirname "$0")/.."
folder="${1:-${TMPDIR:-/tmp}/twin-raising-bench}"
bin="${CARGO_TARGET_DIR:-target}/release"
cargo build --release --quiet --workspace --bins --examples
if [ ! -e "$folder/ville.twin" ]; then
  "$bin/examples/raising_cases" "$folder"
  "$bin/twin" assemble "$folder/territoire.toml" --out "$folder/ville.twin"
fi
uptime
rm -rf "$folder/runs"
time "$bin/twin" ${2:+--threads "$2"} run "$folder/surelevation.toml"
grep wall_s "$folder"/runs/elevation-potential/*/log.json
"$bin/examples/raising_block" "$folder/ville.twin"
