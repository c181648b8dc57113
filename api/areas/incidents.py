"""The incidents of one area as its page presents them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from api.addresses import own_address
from api.areas.facts import LayerFacts
from api.pages.charts import Chart, chart
from geo.analyses.unusual_text import series_title, step_title
from geo.incidents import category_title
from geo.surveillance import CANNOT_SAY, FEWER, MORE

CHART: Final = (640.0, 110.0)
"""Width and height of the chart of months, in SVG units."""

MOST_PLACES: Final = 6
MOST_KINDS: Final = 6

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A category with its incidents in the area and its share of them there and elsewhere."""

    title: str
    n: int
    share: float
    elsewhere: float


@dataclass(frozen=True)
class Place:
    """A ranked place of the area.

    Attributes
    ----------
    usual
        How many incidents are usual in such a period; None where that is not known.
    address
        Of the board on which its story is open.
    """

    rank: int
    name: str
    n: int
    usual: float | None
    address: str


@dataclass(frozen=True)
class Incidents:
    """What is known of the incidents of an area.

    Attributes
    ----------
    row
        Its area counts: an unknown number is None, for a `why`.
    total
        The incidents of all areas.
    kinds
        Its most frequent categories; none where a Question asks about one alone.
    places
        Its ranked places, the first ranked first; None where they are not known.
    more_places
        How many more there are.
    hotspots
        How many hotspots have a cell in it; None where they are not known.
    unusual
        What is unusual of it, as sentences.
    judged
        In how many series something unusual was looked for, and in which month.
    """

    row: Record
    total: int
    kinds: list[Kind]
    places: list[Place] | None
    more_places: int
    hotspots: int | None
    unusual: list[str]
    judged: tuple[int, str]
    chart: Chart | None
    band: str

    @property
    def n(self) -> int | None:
        """The incidents of the period; None where they are unknown."""
        n = self.row["n"]
        return None if n is None else int(n)


def incidents_of(facts: LayerFacts, code: str) -> Incidents | None:
    """What is known of the incidents of an area; None where the Question has no answer.

    Parameters
    ----------
    facts
        About the layer.
    code
        The area.
    """
    answer = facts.answer
    if answer is None or code not in facts.counts.index:
        return None
    places = facts.places_in(code)
    hotspots = facts.hotspots_in(code)
    unusual, judged = _unusual(facts, code)
    drawn, band = _months(facts, code)
    return Incidents(
        row=_records(facts.counts.loc[[code]])[0],
        total=answer.accounts.counted,
        kinds=_kinds(facts, code),
        places=None if places is None else [_place(facts, row) for row in _records(_first(places))],
        more_places=0 if places is None else max(len(places) - MOST_PLACES, 0),
        hotspots=None if hotspots is None else len(hotspots),
        unusual=unusual,
        judged=judged,
        chart=drawn,
        band=band,
    )


def _records(frame: pd.DataFrame) -> list[Record]:
    """Rows for a template, which knows an unknown number as none."""
    known = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in known.to_dict("records")]


def _first(places: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(places.drop(columns="geometry")).head(MOST_PLACES)


def _place(facts: LayerFacts, row: Record) -> Place:
    streets = [street for street in str(row["streets"] or "").split("; ") if street]
    query = facts.question.query()
    return Place(
        rank=int(row["rank"]),
        name=streets[0] if streets else f"Place {row['rank']}",
        n=int(row["n"]),
        usual=float(row["expected"]) if facts.knows_usual else None,
        address=f"{own_address('/')}?{query}&at={row['hotspot_id']}",
    )


def _kinds(facts: LayerFacts, code: str) -> list[Kind]:
    answer = facts.answer
    if answer is None or len(answer.question.category) == 1:
        return []
    here = answer.membership.within(answer.counted, [code])
    own, rest = (answer.counted.loc[rows, "category"].value_counts() for rows in (here, ~here))
    own = own[own > 0].sort_index().sort_values(ascending=False, kind="stable")
    if len(own) < 2:
        return []
    return [
        Kind(
            category_title(str(slug)),
            int(n),
            n / own.sum(),
            float(rest.get(slug, 0) / max(rest.sum(), 1)),
        )
        for slug, n in own.head(MOST_KINDS).items()
    ]


def _unusual(facts: LayerFacts, code: str) -> tuple[list[str], tuple[int, str]]:
    """What is unusual of an area as sentences; in how many series it was looked for, and when."""
    result = facts.unusual
    if result is None:
        return [], (0, "")
    month = step_title(str(result.parameters["judged_period"]))
    tables = [result.frame, *(result.tables[name] for name in ("places",) if name in result.tables)]
    rows = [_of_area(pd.DataFrame(table), code) for table in tables]
    judged = sum(int((table["verdict"] != CANNOT_SAY).sum()) for table in rows)
    said = [
        f"{series_title(row)}: {row['n']:,} in {month}, where {row['lower']:,.0f} to "
        f"{row['upper']:,.0f} were to be expected"
        for table in rows
        for row in _records(_unusual_rows(table))
    ]
    return said, (judged, month)


def _of_area(table: pd.DataFrame, code: str) -> pd.DataFrame:
    return table[table["area_code"].astype(str) == code]


def _unusual_rows(table: pd.DataFrame) -> pd.DataFrame:
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    return plain[plain["verdict"].isin([MORE, FEWER])]


def _months(facts: LayerFacts, code: str) -> tuple[Chart | None, str]:
    """The chart of an area's last months, and where the last of them lies against its band."""
    answer, trend = facts.answer, facts.trend
    if answer is None or trend is None or not trend.months:
        return None, ""
    row = facts.positions[code]
    return chart(trend, row, width=CHART[0], height=CHART[1]), trend.verdict(row)
