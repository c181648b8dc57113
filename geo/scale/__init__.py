"""The same counts over any number of files: area or cell × category × month.

Each part of the data is read, located and counted where it lies, and only counts travel. `parts`
finds what there is to read, `places`, `wanted` and `counting` count one part, `totals` adds parts
up, and `cluster` has Dask do the counting.
"""

from geo.scale.cluster import count_on_cluster
from geo.scale.counting import Job, PartCounts, count_part
from geo.scale.criteria import Wanted
from geo.scale.hotspots import emerging_hotspots, hotspots
from geo.scale.parts import Broken, Part, Parts, find_parts
from geo.scale.totals import Counted, Totals
from geo.scale.units import AreaPlaces, CellPlaces

__all__ = [
    "AreaPlaces",
    "Broken",
    "CellPlaces",
    "Counted",
    "Job",
    "Part",
    "PartCounts",
    "Parts",
    "Totals",
    "Wanted",
    "count_on_cluster",
    "count_part",
    "emerging_hotspots",
    "find_parts",
    "hotspots",
]
