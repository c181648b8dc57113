"""A copy of the incidents as columns in files beside a store: quick to read, never the truth.

Questions read few columns of many incidents, which a database gives row by row. The copy holds them
as plain arrays, a file for each partition, and no text that could name a person: places are
numbers, whose names stay in the store. Whatever is missing, damaged or of another state of the
store is made again from it.
"""

from geo.columns.folder import ColumnFolder, ColumnSource, StoreState
from geo.columns.incidents import COPIED, IncidentColumns
from geo.columns.piece import DamagedError
from geo.columns.places import ENDING, beside

__all__ = [
    "COPIED",
    "ENDING",
    "ColumnFolder",
    "ColumnSource",
    "DamagedError",
    "IncidentColumns",
    "StoreState",
    "beside",
]
