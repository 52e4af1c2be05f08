#!/bin/sh
# replays.sh SIMULATE: whether one seed is the same run twice, in processes whose memory lies elsewhere.
set -eu
for seed in 1 2 3 5 8 13 21 34 55 89; do
    one=$("$1" --seed "$seed" | tail -n 1)
    two=$("$1" --seed "$seed" | tail -n 1)
    if [ "$one" != "$two" ]; then
        echo "$one"
        echo "$two"
        exit 1
    fi
done
echo "ten seeds, each the same run twice"
