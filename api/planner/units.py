"""The areas of a layer on the blocks of a plan, as the page takes many blocks at once."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from boundaries.plans.draft import Draft
from boundaries.plans.units import Units


class UnitsPayload(TypedDict):
    """Units by code, the unit of each block ('' for none), and the blocks that straddle lines."""

    names: dict[str, str]
    area: list[str]
    straddling: list[str]


def units_payload(draft: Draft, units: Units) -> UnitsPayload:
    """The areas of a layer on the blocks of a plan."""
    return {
        "names": {code: units.called(code) for code in sorted({*units.area} - {""})},
        "area": units.area.tolist(),
        "straddling": [draft.plan.now.graph.codes[at] for at in np.flatnonzero(units.straddles)],
    }
