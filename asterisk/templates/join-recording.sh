#!/bin/sh
# Joins the two sides of a finished call into one stereo file: the caller left, the agent right, 8 kHz.
# MixMonitor's own interleaving (option D) writes half of each frame when the sides run at 16 kHz, as ours do (measured on
# Asterisk 22.10.1: correlation with what the caller heard below 0.2), so each side has a file and sox joins them.
set -eu
cd /instance/recordings
name=$1
# A call that nobody answered has no sound.
if [ -s "$name-caller.sln" ] || [ -s "$name-agent.sln" ]; then
  touch "$name-caller.sln" "$name-agent.sln"
  sox -q -M -t raw -r 8000 -e signed -b 16 -c 1 "$name-caller.sln" -t raw -r 8000 -e signed -b 16 -c 1 "$name-agent.sln" -t wav "$name.part"
  mv "$name.part" "$name.wav"
fi
rm -f "$name-caller.sln" "$name-agent.sln"
