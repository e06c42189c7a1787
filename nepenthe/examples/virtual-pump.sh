#!/usr/bin/env bash
# A virtual pump from its box to its first refused request, killed in between. Its time moves only by hand, so that every
# run tells the same. NEPENTHE names the built command; otherwise cargo builds it.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=${NEPENTHE:-"cargo run --quiet --release --"}
place=$(mktemp -d)
pump=
trap '[ -z "$pump" ] || kill -9 "$pump"; rm -rf "$place"' EXIT
device=bench/sim/devices/reference-20.toml
order=bench/sim/orders/morphine.toml
nurse="--keys $place/nurse"
hand="--keys $place/hand"

start() {
    : >"$place/said"
    $run pump --device $device --listen 127.0.0.1:7701 --control 127.0.0.1:7702 --state "$place/pump" --speed 0 >"$place/said" &
    pump=$!
    disown "$pump"
    until grep -q 'pump is kept' "$place/said"; do :; done
}
at_pump() { $run pump-control 127.0.0.1:7702 "$@"; }

start
card=$(sed -n 's/^card //p' "$place/said")

echo "# out of the box, with the programmer held at the pump"
at_pump presence on >/dev/null
$run pair 127.0.0.1:7701 --card "$card" --role programmer $nurse
$run enrol --author 7 --card "$card" $nurse
$run install --catheter "0.176 mL" $nurse
echo "# filled three times: what no needle reaches would thin the first filling"
for _ in 1 2 3; do
    drawn=$(at_pump draw-off | sed -n 's/.*drawn_off_nl": \([0-9]*\).*/\1/p')
    at_pump fill "18 mL" --mixture "4 mg/mL morphine" >/dev/null
    $run refill --drawn-off "$drawn nL" --filled "18 mL" --vials "18 mL" --mixture "4 mg/mL morphine" $nurse
done
$run clock --set "2026-03-02 08:00" $nurse
$run program $order --device $device --sign 7 --yes $nurse
$run prime --device $device --sign 7 --yes $nurse
$run resume $nurse
$run pair 127.0.0.1:7701 --card "$card" --role patient $hand
at_pump presence off >/dev/null

echo "# two days later the patient asks, and the process is killed five minutes into the dose"
at_pump advance "2 days" >/dev/null
$run ask $hand
at_pump advance "5 min" >/dev/null
kill -9 "$pump"
while kill -0 "$pump" 2>/dev/null; do :; done
start
echo "# it comes back; the dose counts whole and is not resumed"
$run ask $hand || echo "(exit code $?)"
$run interrogate $hand
