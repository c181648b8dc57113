"""Values of the demo city's measures over four years."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.demo.council.cases import EXTRACTS
from boundaries.demo.council.catalogue import (
    ANSWERED,
    BLOCKS,
    DEPRIVATION,
    DRAWN,
    PLANTED,
    RESIDENTS,
    SAFETY,
    WARDS,
    Drawn,
)
from boundaries.demo.events.clock import FIRST_DAY, year_days
from boundaries.demo.town.lines import Floats
from geo.measures.model import Measure, values_frame

HALVES: Final = 8
"""Half-years of the data, April to September and October to March."""

UNPUBLISHED: Final = "Not published: the system was being replaced"


def make_values(
    blocks: gpd.GeoDataFrame,
    wards: gpd.GeoDataFrame,
    estates: gpd.GeoDataFrame,
    cases: pd.DataFrame,
    *,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """All values of the measures that are published, as a frame of values.

    Parameters
    ----------
    blocks, wards, estates
        Of the city.
    cases
        Its records: of their year the requests answered in time are those of the records.
    """
    odds = _Odds(blocks, wards, estates)
    layers = {BLOCKS: blocks, WARDS: wards}
    drawn = [
        _drawn(one, layers[one.measure.layer_id], half, odds=odds, rng=rng)
        for one in DRAWN
        for half in range(HALVES)
    ]
    drawn = [_counted(values, cases, wards["area_name"]) for values in drawn]
    steady = [_residents(blocks, rng), _deprivation(blocks), _safety(wards, rng)]
    return values_frame(pd.concat([*drawn, *steady], ignore_index=True))


class _Odds:
    """By what the odds of each area are multiplied, as it was planted."""

    def __init__(
        self, blocks: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, estates: gpd.GeoDataFrame
    ) -> None:
        names = wards["area_name"]
        self._ward = {BLOCKS: blocks["ward_code"].map(names), WARDS: names}
        inside = gpd.sjoin(
            gpd.GeoDataFrame(geometry=blocks.representative_point()), estates, how="left"
        )
        self._estate = inside["area_name"].reindex(blocks.index)

    def of(self, measure: Measure, half: int) -> Floats:
        """The factor of each area of the layer that the measure is published on."""
        ward = self._ward[measure.layer_id]
        factor = np.ones(len(ward))
        for one in PLANTED:
            if one.measure_id == measure.measure_id and half >= one.half:
                names = ward if one.layer_id == WARDS else self._estate
                factor[(names == one.area_name).to_numpy()] *= one.odds
        return factor


def _drawn(
    one: Drawn, areas: gpd.GeoDataFrame, half: int, *, odds: _Odds, rng: np.random.Generator
) -> pd.DataFrame:
    """The values of one half-year, drawn."""
    residents = areas["residents"].to_numpy()
    denominator = rng.poisson(residents * one.sampled) if one.sampled else residents
    chance = one.rate / (1 - one.rate) * odds.of(one.measure, half)
    numerator = rng.binomial(denominator, chance / (1 + chance)).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = one.measure.multiplier * numerator / denominator
    values = _values(one.measure.measure_id, areas, span=_half(half)).assign(
        value=value, numerator=numerator, denominator=denominator.astype(float)
    )
    if one.measure.measure_id == ANSWERED and half == HALVES - 1:
        # One value that was not published, as every council has some.
        lost = values["area_code"] == values["area_code"].iloc[-1]
        values.loc[lost, ["value", "numerator", "denominator"]] = np.nan
        values["note"] = np.where(lost, UNPUBLISHED, "")
    return values


def _counted(values: pd.DataFrame, cases: pd.DataFrame, ward: pd.Series) -> pd.DataFrame:
    """The values, in place of those drawn what the records say; these are of the last year."""
    start, last = (values[name].iloc[0] for name in ("first_day", "last_day"))
    if values["measure_id"].iloc[0] != ANSWERED or start < year_days(3)[0]:
        return values
    # What can be answered in time until the last day is over is not due yet.
    own = cases[(cases["logged"] >= start) & (cases["target"] < last) & ~cases["withdrawn"]]
    # The last extract has lost them: nobody knows what became of them.
    own = own[~(own["vanishes"] & (last >= np.datetime64(EXTRACTS[-1])))]
    in_time = own["replied"].dt.floor("D") <= own["target"]
    due, met = (
        rows.groupby("Ward").size().reindex(ward[values["area_code"]], fill_value=0).to_numpy(float)
        for rows in (own, own[in_time])
    )
    known = values["value"].notna().to_numpy()
    counted = {"value": 100 * met / due, "numerator": met, "denominator": due}
    return values.assign(**{name: np.where(known, n, np.nan) for name, n in counted.items()})


def _residents(blocks: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Estimates of four years: the last is the census of the layers, those before a little off."""
    census = blocks["residents"].to_numpy()
    years = []
    for year in range(HALVES // 2):
        before = HALVES // 2 - 1 - year
        grown = (
            census * (1 - 0.004 * before) * (1 + rng.normal(0, 0.01, len(census)) * (before > 0))
        )
        years.append(_values(RESIDENTS, blocks, span=_year(year)).assign(value=grown.round()))
    return pd.concat(years)


def _deprivation(blocks: gpd.GeoDataFrame) -> pd.DataFrame:
    """Published once, for one year, as the index of deprivation is."""
    residents, score = blocks["residents"].to_numpy(float), blocks["imd_score"].to_numpy(float)
    return _values(DEPRIVATION, blocks, span=_year(2)).assign(
        value=score, numerator=(score * residents).round(1), denominator=residents
    )


def _safety(wards: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A mean with its published limits and nothing else: no other layer can have it."""
    level = 7.4 - 0.09 * (wards["imd_score"] - wards["imd_score"].mean()).to_numpy()
    years = []
    for year in range(HALVES // 2):
        value = np.round(level + rng.normal(0, 0.12, len(wards)), 2)
        values = _values(SAFETY, wards, span=_year(year))
        years.append(values.assign(value=value, lower=value - 0.25, upper=value + 0.25))
    return pd.concat(years)


def _values(
    measure_id: str, areas: gpd.GeoDataFrame, *, span: tuple[np.datetime64, np.datetime64]
) -> pd.DataFrame:
    """A row for each area, without values."""
    return pd.DataFrame(
        {
            "measure_id": measure_id,
            "area_code": areas.index.astype(str),
            "first_day": span[0],
            "last_day": span[1],
        }
    )


def _half(number: int) -> tuple[np.datetime64, np.datetime64]:
    return _months(6 * number, 6)


def _year(number: int) -> tuple[np.datetime64, np.datetime64]:
    return _months(12 * number, 12)


def _months(start: int, n: int) -> tuple[np.datetime64, np.datetime64]:
    """The first and last day of n months, the first of them counted from that of the data."""
    first = FIRST_DAY.astype("datetime64[M]") + start
    last = (first + n).astype("datetime64[D]") - 1
    return first.astype("datetime64[s]"), last.astype("datetime64[s]")
