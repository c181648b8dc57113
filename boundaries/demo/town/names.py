"""Invented names: streets, wards and estates of a town that never was.

No name is meant for a person. First parts and endings are joined as English place names are,
so thousands of streets can be named apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FIRST_PARTS: Final = (
    "Alder Ash Barley Bay Beacon Birch Black Bracken Bram Brent Briar Brook Broom Burn Cal "
    "Carr Cinder Clay Cliff Copper Cran Crow Dale Dun East Elder Elm Esk Fal Far Fen Fern "
    "Flax Fox Gale Gorse Grey Hale Hare Hart Hather Haw Hazel Hern Holl Horn Ings Iron Keld "
    "Kestrel King Lamb Lang Lark Lin Ling Loft Long Lyn Mal Marl Marsh Mead Mere Mill Moor "
    "Moss New Nor Oak Ot Oxen Pem Plover Quarry Raven Red Reed Rook Rush Sal Sand Scar Sea "
    "Sedge Shel Silver Skel South Staith Stan Star Stone Swal Swan Tarn Teal Thorn Til Tor "
    "Ulver Under Wal Warren Wel West Whin White Wick Wil Wind Winter Wood Wren Yarrow"
)
_ENDINGS: Final = (
    "beck bourne bridge brook bury by cliff combe croft dale den don field ford garth gate "
    "ham hill holme hurst ley low mere moor more ness pool ridge shaw side stead stow thorpe "
    "thwaite ton wade water well wick wold wood worth"
)
_RESIDENTIAL: Final = (
    "Street Road Avenue Close Drive Lane Grove Crescent Gardens Place Terrace Way Walk Court"
)
_THROUGH_ROADS: Final = "Road Road Road Way Hill Drove Causeway"
_OLD_TOWN: Final = "Street Street Street Lane Row Yard Place Gate Passage Hill"

_CENTRE_STREETS: Final = (
    "Harbour Street",
    "Market Street",
    "High Street",
    "Quay Street",
    "Castle Street",
    "Fish Row",
    "Ropery Lane",
    "Corn Hill",
    "Minster Yard",
    "Customs House Lane",
    "Sailmakers Row",
    "Lower Friargate",
    "Upper Friargate",
    "Bridge Street",
    "Butter Cross",
    "Tanners Lane",
    "Salt Lane",
    "Chandlers Row",
    "Station Parade",
    "Old Staithe",
)
_MAIN_ROADS: Final = (
    "Coast Road",
    "Lighthouse Road",
    "Bank Road",
    "Great North Drove",
    "Saltway",
    "Silverpit Road",
    "Outer Dowsing Road",
    "Fisher Road",
    "Shoals Road",
    "Fladen Road",
    "Causeway",
    "Oyster Ground Road",
    "Viking Road",
    "Cromer Knoll Road",
    "Broad Fourteens Way",
    "Ower Bank Road",
    "Sole Pit Road",
    "Humber Deep Road",
    "Dowsing Hill",
    "Tail End Road",
    "Markham Hole Road",
    "Botney Cut Road",
    "Elbow Spit Road",
    "Clay Deep Road",
)
_RING_ROADS: Final = (
    "Walls Road",
    "Moat Road",
    "Ramparts",
    "Ring Road North",
    "Ring Road East",
    "Ring Road South",
    "Ring Road West",
    "Fen Ring Road",
    "Mere Ring Road",
    "Docks Ring Road",
    "Mill Ring Road",
)

CENTRAL_WARDS: Final = ("Castle and Quay", "Friargate")
WARDS_BY_COMPASS: Final = {
    "N": ("Northmere", "Beacon Hill", "Upper Fen"),
    "NE": ("Lighthouse", "Gullcliffe", "Sandholme"),
    "E": ("Harbour", "Oyster Ground", "Staithes"),
    "SE": ("Saltmarsh", "Eastbank", "Reedham Ings"),
    "S": ("Southwater", "Ropeworks", "Millfields"),
    "SW": ("Priory Park", "Osier Beds", "Longmeadow"),
    "W": ("Westgarth", "Silverpit", "Tannery"),
    "NW": ("Windmill Green", "Heronswood", "Carr Lane"),
}
SPARE_WARDS: Final = ("Brackenfield", "Larkrise", "Ashby Fold", "Coldwell", "Thornley Green")
CITY: Final = "Doggerham"
RIVER: Final = "River Dogger"
BAY: Final = "Dogger Bay"
PARK_NAMES: Final = (
    "Long Meadow",
    "Lighthouse Park",
    "Northfield Park",
    "Ings Common",
    "Jubilee Gardens",
    "Heron Marsh",
    "Castle Green",
    "Windmill Park",
    "Carr Recreation Ground",
    "Beacon Hill Park",
    "Sailmakers Green",
    "Bowling Green Gardens",
    "Larkrise Common",
    "Quarry Wood Park",
    "Minster Gardens",
    "South Parade Gardens",
    "Coldwell Park",
    "Staithe Green",
    "Fenland Walk",
    "Kestrel Fields",
    "Old Orchard",
    "Flagstaff Gardens",
)
WORKS_NAMES: Final = (
    "Doggerham Docks",
    "Ropery Works",
    "Fladen Trading Estate",
    "Fish Quay",
    "Tar Wharf",
    "Ice House Yard",
    "Timber Basin",
)
ESTATES: Final = ("Kittiwake Estate", "Trawler Rise", "Fladen Park", "Dowsing Court")


def street_names(
    kinds: Sequence[str], *, old_town: Sequence[bool], rng: np.random.Generator
) -> list[str]:
    """Give each street a name of its own.

    Parameters
    ----------
    kinds
        `main`, `ring` or `residential`, the most important street of each kind first.
    old_town
        Whether the street lies within the old town.
    """
    pools = {
        "main": chain(_MAIN_ROADS, _joined(_THROUGH_ROADS.split(), rng)),
        "ring": chain(_RING_ROADS, _joined(["Road"], rng)),
        "centre": chain(_CENTRE_STREETS, _joined(_OLD_TOWN.split(), rng)),
        "residential": _joined(_RESIDENTIAL.split(), rng),
    }
    used: set[str] = set()
    names = []
    for kind, old in zip(kinds, old_town, strict=True):
        pool = pools["centre" if old and kind == "residential" else kind]
        name = next(name for name in pool if name not in used)
        used.add(name)
        names.append(name)
    return names


def ward_names(offsets: NDArray[np.float64]) -> list[str]:
    """Name wards by where they lie.

    Parameters
    ----------
    offsets
        Metres east and north of the city's centre, shape (wards, 2).
    """
    east, north = offsets.T
    octant = np.rint(np.degrees(np.arctan2(east, north)) / 45).astype(int) % 8
    pools = [iter(names) for names in WARDS_BY_COMPASS.values()]
    spare = iter(SPARE_WARDS)
    names = [""] * len(offsets)
    nearest_first = np.hypot(east, north).argsort(kind="stable").tolist()
    for place, name in zip(nearest_first, CENTRAL_WARDS, strict=False):
        names[place] = name
    for place in nearest_first[len(CENTRAL_WARDS) :]:
        names[place] = next(pools[octant[place]], None) or next(spare)
    return names


def _joined(kinds: Sequence[str], rng: np.random.Generator) -> Iterator[str]:
    """All joined names in random order, every first name before any comes again."""
    stems = [
        first + last
        for first in _FIRST_PARTS.split()
        for last in _ENDINGS.split()
        if first.lower() != last
    ]
    order = rng.permutation(len(stems))
    kind = rng.choice(kinds, len(stems))
    return (f"{stems[place]} {kind[place]}" for place in order)
