#!/usr/bin/env bash
# How long until the viewer shows a territory, how much memory does it take, what does a moment cost?
#
#   benches/viewer.sh [FOLDER]    the territories are made there once (20 minutes) and found again
#
# Pictures of 1280 × 800 on whatever adapter there is; VK_LOADER_DRIVERS_SELECT='*lvp*' chooses
# software Vulkan.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="${1:-${TMPDIR:-/tmp}/twin-viewer-bench}"
bin="${CARGO_TARGET_DIR:-target}/release"
cargo build --release --quiet --workspace --bins --examples
if [ ! -e "$folder/made" ]; then
  "$bin/examples/viewer_cases" "$folder"
  "$bin/twin" assemble "$folder/large/territoire.toml" --out "$folder/large/territoire.twin"
  "$bin/twin" assemble "$folder/long/territoire.toml" --out "$folder/long/territoire.twin"
  "$bin/twin" run "$folder/long/crue.toml"
  touch "$folder/made"
fi

show() {
  printf '\n== %s\n' "$1"
  "$bin/twin-viewer" "$2" --render "$folder/$1.png" --size 1280x800 --stats
}

uptime
show "25 km², 100 000 buildings" "$folder/large/territoire.twin"
show "1 km², 288 moments" "$folder/long/crue.toml"
[ -e "$folder/demo" ] || "$bin/twin" demo --out "$folder/demo" >/dev/null
show "the demonstration" "$folder/demo/crue.view.toml"
