"""The layers whose areas have pages, and the table of all areas of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from api.areas.facts import LayerFacts
from api.areas.sorting import Sorting
from api.pages.charts import Chart, chart
from api.snapshot import Snapshot
from geo.store.contract import LayerMetadata

SPARK: Final = (150.0, 34.0)
"""Width and height of the chart of an area in a table, in SVG units."""

MOST_CHARTS: Final = 150
"""With more areas than this a page with a chart of each would be heavy."""

MOST_ROWS: Final = 500
"""Areas that a page lists; a workbook has all."""


def layers_listed(snapshot: Snapshot) -> list[LayerMetadata]:
    """Return the metadata of every layer of areas, then of every plan."""
    return snapshot.choices()


@dataclass(frozen=True)
class AreaRow:
    """An area in the table of its layer.

    Attributes
    ----------
    counts
        Its area counts by column, an unknown number as None; empty without an answer.
    chart
        Its last months; None where they are not known.
    """

    code: str
    name: str
    counts: dict[str, Any]
    chart: Chart | None


def layer_table(facts: LayerFacts, sorting: Sorting) -> dict[str, object]:
    """The rows of the table of a layer, in an order, and what they have."""
    shown = sorting.named[:MOST_ROWS]
    rows = [AreaRow(code, name, _counts(facts, code), _chart(facts, code)) for code, name in shown]
    return {
        "rows": rows,
        "all_rows": len(facts.named),
        "sorting": sorting,
        "charted": any(row.chart for row in rows),
        "rated": "rate_per_1000" in facts.counts,
    }


def _counts(facts: LayerFacts, code: str) -> dict[str, Any]:
    if code not in facts.counts.index:
        return {}
    row = facts.counts.loc[code]
    return {str(name): None if pd.isna(value) else value for name, value in row.items()}


def _chart(facts: LayerFacts, code: str) -> Chart | None:
    trend = facts.trend
    if trend is None or not trend.months or len(facts.named) > MOST_CHARTS:
        return None
    return chart(trend, facts.positions[code], width=SPARK[0], height=SPARK[1])
