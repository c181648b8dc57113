"""Ours: a process that reads a layer and points, opens a saved index, joins, and ends.

With `--save` it writes the index instead.
"""

from __future__ import annotations

import sys
from pathlib import Path

from inputs import read_inputs, report

from geo.locate import AreaLocator


def main(layer: str, points: str, answer: str, *, save: bool) -> None:
    areas, x, y = read_inputs(layer, points)
    index = Path(layer).with_suffix(".grid")
    if save:
        AreaLocator(areas).save(index)
    else:
        report(AreaLocator.open(index, areas).locate(x, y), answer)


if __name__ == "__main__":
    main(*sys.argv[1:4], save="--save" in sys.argv)
