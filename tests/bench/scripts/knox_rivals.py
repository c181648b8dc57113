"""The rival: pointpats' Knox. Its time for 999 permutations is extrapolated from two lower numbers.

What it does once and what it does for each permutation follow from the two; all 999 took no less
when they were run.
"""

from __future__ import annotations

import sys

import numpy as np
from inputs import timed
from pointpats import Knox
from result_file import save

FEW, MORE, PERMUTATIONS = 9, 49, 999


def main(points: str, metres: str, days: str, answer: str) -> None:
    inputs = np.load(points)
    xy, day = inputs["xy"], inputs["day"].reshape(-1, 1)

    def test(permutations: int) -> Knox:
        np.random.seed(1)  # noqa: NPY002 - it draws from the old, global source
        return Knox(xy, day, delta=float(metres), tau=float(days), permutations=permutations)

    Knox(xy[:200], day[:200], delta=float(metres), tau=float(days), permutations=2)  # loads
    _, few = timed(lambda: test(FEW))
    result, more = timed(lambda: test(MORE))
    all_of_them = few + (more - few) / (MORE - FEW) * (PERMUTATIONS - FEW)
    save(
        answer,
        {"s": all_of_them, f"s_{MORE}": more},
        pairs=np.array(result.statistic_),
        p=np.array(result.p_sim),
        draws=np.array(MORE),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
