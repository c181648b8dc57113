"""The blocks of a layer as the page draws them: rings as whole numbers, and the lines between."""

from __future__ import annotations

from typing import Final

import numpy as np

from api.formats.encoding import to_json
from boundaries.layers.blocks import BlockLayer
from boundaries.layers.shared_edges import Rings, simplified
from geo.crs import Projection

TOLERANCE_M: Final = 1.0
"""How far a drawn block may lie from its true edge; measures and files use the true one."""

PER_DEGREE: Final = 1e6
"""Units in a degree: about 0.1 m, a tenth of the tolerance."""


def drawn_blocks(blocks: BlockLayer, projection: Projection) -> bytes:
    """The blocks of a layer, simplified to what a screen shows.

    Parameters
    ----------
    projection
        Leads from the layer's metres to longitude and latitude.

    Returns
    -------
    JSON: `codes` and `names` of the blocks; `per_degree`, and `x` and `y` of all vertices in such
    units, each after the first as the difference from the one before; `rings`, how many vertices
    each has; `blocks`, whose each ring is; `outer`, 1 where a ring begins a polygon; `arcs`, four
    numbers for each line between two blocks or to the outside: block, block beyond (−1 outside),
    first and last vertex.
    """
    rings, lines = simplified(Rings.of(blocks.areas.geometry.to_numpy()), TOLERANCE_M)
    degrees = projection.to_lonlat(*rings.xy.T)
    x, y = (np.round(PER_DEGREE * axis).astype(np.int64) for axis in degrees)
    return to_json(
        {
            "codes": list(blocks.graph.codes),
            "names": list(map(str, blocks.areas["area_name"])),
            "per_degree": PER_DEGREE,
            "x": np.diff(x, prepend=0),
            "y": np.diff(y, prepend=0),
            "rings": np.diff(rings.starts),
            "blocks": rings.areas,
            "outer": rings.is_outer.astype(np.int64),
            "arcs": lines.ravel(),
        }
    )
