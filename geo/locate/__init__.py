"""Joining points to areas: finding the area that holds each point.

A point belongs to the touching area with the lowest code; `shapely.intersects` defines touching.
Where areas overlap it belongs to several, which `AreaLocator.locate_all` finds (`overlaps`).
Nothing is stored: points are joined when a Question is answered, so a draft boundary is joined as
easily as a real one.

Start with `locator`. It gives few points to shapely (`touching`), and many to a `grid`, whose
compiled `kernels` decide what plain arithmetic can decide with certainty and leave the rest to
shapely. `saved` stores a grid in a file. `changing` locates single points among areas that change.
"""

from geo.locate.layout import OUTSIDE
from geo.locate.locator import AreaLocator, warm_up
from geo.locate.overlaps import (
    Memberships,
    joined_codes,
    overlapping_pairs,
    overlaps_text,
    refuse_overlaps,
)

__all__ = [
    "OUTSIDE",
    "AreaLocator",
    "Memberships",
    "joined_codes",
    "overlapping_pairs",
    "overlaps_text",
    "refuse_overlaps",
    "warm_up",
]
