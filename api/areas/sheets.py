"""The pages of areas as tables of a workbook."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from api.areas.area import Area
from api.areas.facts import LayerFacts
from api.areas.layer_measures import LayerMeasures
from api.areas.money import area_money_sheet
from api.formats.workbooks import FORMATS, about, accounts_rows
from geo.formats.workbook import Sheet


def area_sheets(area: Area) -> list[Sheet]:
    """The tables of the page of an area."""
    facts = area.facts
    sheets = [_area(area)]
    if facts.answer and area.code in facts.counts.index:
        counts = pd.DataFrame(facts.counts.loc[[area.code]])
        sheets.append(Sheet("Incidents", counts, formats=FORMATS))
        sheets.append(Sheet("Months", _months(facts, area.code)))
    if len(area.fares.table):
        sheets.append(Sheet("Measures", area.fares.table))
    if len(area.compared_over_time):
        sheets.append(Sheet("Measures over time", area.compared_over_time))
    if area.money:
        sheets.append(area_money_sheet(*area.money))
    if area.made_of:
        sheets.append(_made_of(area))
    if area.neighbours.beside or area.neighbours.over:
        sheets.append(_neighbours(area))
    return [*sheets, _about(facts)]


def layer_sheets(facts: LayerFacts, measures: LayerMeasures) -> list[Sheet]:
    """The tables of the page of a layer: all of its areas, and their measures.

    Parameters
    ----------
    facts
        About the layer.
    measures
        Those that are shown.
    """
    named = pd.DataFrame(facts.named, columns=["area_code", "area_name"])
    if facts.answer:
        counts = facts.counts.drop(columns=["area_code", "area_name"])
        named = named.merge(counts, left_on="area_code", right_index=True, how="left")
    sheets = [Sheet("Areas", named, formats=FORMATS)]
    if len(measures.table):
        sheets.append(Sheet("Measures", measures.table))
    return [*sheets, _about(facts)]


def _area(area: Area) -> Sheet:
    facts = area.facts
    rows = [
        ("Name", area.name),
        ("Code", area.code),
        ("Layer", f"{facts.title} ({facts.layer_id})"),
        ("Land, km²", round(area.square_km, 3)),
        *((one.title, one.value) for one in area.attributes),
    ]
    return Sheet("Area", _table(("what", "value"), rows))


def _made_of(area: Area) -> Sheet:
    rows = [
        (made.title, part.code, part.name, part.of_area, part.of_part)
        for made in area.made_of
        for part in made.parts
    ]
    names = ("layer", "area_code", "area_name", "share_of_this_area", "share_of_the_other")
    return Sheet("Made of", _table(names, rows), formats=FORMATS)


def _neighbours(area: Area) -> Sheet:
    rows = [
        *((code, name, "beside it") for code, name in area.neighbours.beside),
        *((code, name, "partly over it") for code, name in area.neighbours.over),
    ]
    return Sheet("Neighbours", _table(("area_code", "area_name", "lies"), rows))


def _months(facts: LayerFacts, code: str) -> pd.DataFrame:
    trend = facts.trend
    if trend is None or not trend.months:
        return pd.DataFrame({"month": []})
    row = facts.positions[code]
    return pd.DataFrame(
        {
            "month": trend.months,
            "incidents": trend.counts[row],
            "expected_from": trend.low[row],
            "expected_to": trend.high[row],
        }
    )


def _about(facts: LayerFacts) -> Sheet:
    """What the numbers are of, and where every row went."""
    rows: list[tuple[str, object]] = [("Layer", f"{facts.title} ({facts.layer_id})")]
    if facts.answer is None:
        return about([*rows, ("No incidents are known", facts.reason)])
    question = ("Question", facts.question.query())
    return about([*rows, *accounts_rows(facts.answer.accounts), question])


def _table(columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns), dtype=object)
