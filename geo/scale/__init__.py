"""Counting any number of files by area or cell × category × month.

Each part of the data is read, located and counted by one process, and only counts are sent back.
`parts` finds the data, `units`, `criteria` and `counting` count one part, `totals` adds parts up,
and `cluster` runs the counting on Dask.
"""

from geo.scale.cluster import count_on_cluster
from geo.scale.counting import CountJob, PartCounts, count_part
from geo.scale.coverage import FileCoverage
from geo.scale.criteria import Criteria
from geo.scale.hotspots import emerging_hotspots, hotspots
from geo.scale.parts import BrokenPart, DataParts, Part, find_parts
from geo.scale.totals import CountResult, Totals
from geo.scale.units import AreaUnits, CellUnits

__all__ = [
    "AreaUnits",
    "BrokenPart",
    "CellUnits",
    "CountJob",
    "CountResult",
    "Criteria",
    "DataParts",
    "FileCoverage",
    "Part",
    "PartCounts",
    "Totals",
    "count_on_cluster",
    "count_part",
    "emerging_hotspots",
    "find_parts",
    "hotspots",
]
