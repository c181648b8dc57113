"""Ours: the last month of many series against their own history."""

from __future__ import annotations

import json
import sys

import numpy as np
from inputs import timed

from geo.surveillance import MONTHS, Options, farrington_flexible, unusual

ROUNDS = 3
SAME = Options(rule="delta", students=False, fewest_in_season=0, as_surveillance=True)
"""The rule of R's package, to compare the bounds."""


def main(series: str, few: str) -> None:
    counts = np.load(series)
    unusual(counts[:100], MONTHS)  # loads what is used
    _, took = timed(lambda: unusual(counts, MONTHS), rounds=ROUNDS)
    bounds = farrington_flexible(np.loadtxt(few, delimiter=","), MONTHS, options=SAME).upper
    sys.stdout.write(json.dumps({"s": took, "bounds": float(bounds.sum())}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
