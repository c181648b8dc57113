"""The parishes that the blocks of a plan lie in, by the blocks' own column of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from boundaries.layers.blocks import BlockLayer
from boundaries.plans.units import Units
from geo.areal.best_fit import UNASSIGNED

PARISH: Final = "parish"
"""Column of a layer of blocks that was read from a proforma: the name of the parish of each."""

_UNPARISHED = frozenset({"", "-", "n/a", "na", "none", "nan", "unparished", "unparished area"})


def parishes_of(blocks: BlockLayer) -> Units | None:
    """The parishes of blocks as sets of whole blocks.

    A proforma says of each polling district in which parish it lies, so none straddles a line.

    Parameters
    ----------
    blocks
        The blocks.

    Returns
    -------
    The parishes, named by their own names; None where the blocks name none.
    """
    if PARISH not in blocks.areas:
        return None
    written = [str(name).strip() for name in blocks.areas[PARISH].fillna("")]
    names = [UNASSIGNED if name.casefold() in _UNPARISHED else name for name in written]
    known = sorted(set(names) - {UNASSIGNED})
    if not known:
        return None
    return Units(
        PARISH,
        {name: name for name in known},
        np.array(names, dtype=object),
        np.ones(len(names)),
        np.full(len(names), UNASSIGNED, dtype=object),
    )
