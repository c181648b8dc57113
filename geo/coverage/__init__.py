"""What is known: which months, categories and areas each source has published.

Outside its coverage a count is unknown, never zero. Coverage is of a publisher, which is a police
force of a source, or a source that is one publisher itself. It is read from the records of
imports alone, before any incident is.
"""

from geo.coverage.comparison import Comparison, Series, partly_covered
from geo.coverage.knowledge import Knowledge, Once, ShortMonths, at_once, knowledge_of
from geo.coverage.latest import Anchor, anchor_of
from geo.coverage.point_lists import (
    LIST_COLUMNS,
    SMALL_AREA_M2,
    PointList,
    new_lists,
    point_counts,
    point_lists,
)
from geo.coverage.published import (
    Coverage,
    ImportCoverage,
    Publisher,
    no_data_words,
    span_words,
    spans_of,
)
from geo.coverage.territories import near

__all__ = [
    "LIST_COLUMNS",
    "SMALL_AREA_M2",
    "Anchor",
    "Comparison",
    "Coverage",
    "ImportCoverage",
    "Knowledge",
    "Once",
    "PointList",
    "Publisher",
    "Series",
    "ShortMonths",
    "anchor_of",
    "at_once",
    "knowledge_of",
    "near",
    "new_lists",
    "no_data_words",
    "partly_covered",
    "point_counts",
    "point_lists",
    "span_words",
    "spans_of",
]
