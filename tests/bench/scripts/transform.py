"""Degrees to metres, by surfaces and by pyproj, beside the join of the same points."""

from __future__ import annotations

import sys

import numpy as np
from inputs import read_inputs, report, timed

from geo.crs import Projection
from geo.crs_tiles import to_metres_fast
from geo.locate import AreaLocator

ROUNDS = 5
MILLIMETRE = 1e-3


def main(layer: str, points: str, answer: str) -> None:
    areas, x, y = read_inputs(layer, points)
    projection = Projection.choose(":".join(areas.crs.to_authority()))
    degrees = projection.to_lonlat(x, y)
    locator = AreaLocator(areas)
    locator.locate(x, y, workers=1)
    to_metres_fast(projection, *degrees)  # loads what is compiled
    fast, fast_s = timed(lambda: to_metres_fast(projection, *degrees), rounds=ROUNDS)
    plain, plain_s = timed(lambda: projection.to_metres(*degrees))
    if (far := np.hypot(fast[0] - plain[0], fast[1] - plain[1]).max()) > MILLIMETRE:
        raise SystemExit(f"the surfaces are {far} m from the operation")
    result, join_s = timed(lambda: locator.locate(x, y, workers=1), rounds=ROUNDS)
    report(result, answer, fast_s=fast_s, plain_s=plain_s, join_s=join_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
