"""Which baseline the cells of an Answer are held against, and how it is worded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.cells import Cells
from geo.coverage import PointList
from geo.errors import QuestionError
from geo.hotspots.baselines import Baseline
from geo.hotspots.dispersion import FEWEST_MONTHS, begins_series, dispersion
from geo.incidents import london_months
from geo.locate import overlapping_pairs
from geo.period import Period
from geo.question.kinds import BASELINES
from geo.question.model import Question
from geo.question.rows import QuestionRows
from geo.question.tally import AT_ONCE

FEWEST_LIST_MONTHS: Final = 12
"""With fewer months many points of a list have not had an incident yet."""

RESIDENTS: Final = "residents"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class StatedBaseline:
    """The baseline of the cells, with the words that name it.

    Attributes
    ----------
    baseline
        How much of it lies in each cell.
    name
        What it is for machines: `points`, `even`, `residents`, `other`, an id, `LAYER:COLUMN`, or
        several of them by source.
    words
        What would lead one to expect so many: "its points", "an even spread over Wards".
    detail
        Its size: "1,543 points of 24 months"; '' where there is nothing to say.
    caveats
        What to keep in mind of it.
    """

    baseline: Baseline
    name: str
    words: str
    detail: str = ""
    caveats: tuple[str, ...] = ()

    @property
    def phrase(self) -> str:
        """As `its points would lead one to expect (1,543 points of 24 months)`."""
        return f"{self.words} would lead one to expect" + (
            f" ({self.detail})" if self.detail else ""
        )


@dataclass(frozen=True)
class BaselineSources:
    """What baselines are made of.

    Attributes
    ----------
    question, cells
        The Question, and the cells of its study area.
    counted
        The incidents that it counts.
    sources
        The sources that answer it, with whether each moves its incidents to snap points.
    study
        The study area's areas, in metres.
    study_title
        What people call it.
    layer
        The layer that the Question names as its baseline; None where it names none.
    layer_title
        What people call that.
    rows
        Reads other rows of the store.
    spread
        Carries amounts of the study area's areas to its cells, by area.
    """

    question: Question
    cells: Cells
    counted: pd.DataFrame
    sources: Mapping[str, bool]
    study: gpd.GeoDataFrame
    study_title: str
    layer: gpd.GeoDataFrame | None
    layer_title: str
    rows: QuestionRows
    spread: Callable[[Floats], Floats]


def check_baseline(
    question: Question, study: gpd.GeoDataFrame, layer: gpd.GeoDataFrame | None
) -> None:
    """Refuse a baseline that the layers cannot give.

    Parameters
    ----------
    question
        Names the baseline.
    study
        The study area's areas.
    layer
        The layer that the Question names as its baseline; None where it names none.

    Raises
    ------
    QuestionError
        If a column is missing or is no count, the layer has neither points nor a column, or other
        incidents are to be held against all incidents.
    """
    name = question.baseline
    if name == "other" and not question.category:
        raise QuestionError(
            "baseline", "other incidents are those of other categories; choose a category"
        )
    if name == RESIDENTS and (reason := _why_no_residents(study)):
        raise QuestionError("baseline", reason)
    if layer is None:
        return
    layer_id, _, column = name.partition(":")
    if column.strip():
        if not _is_areas(layer):
            raise QuestionError(
                "baseline", f"{layer_id!r} is no layer of areas: leave the column out"
            )
        _amounts(layer, column.strip())
    elif not _is_points(layer):
        raise QuestionError(
            "baseline",
            f"{layer_id!r} is no layer of points; name a count of a layer of areas as "
            f"{layer_id}:{RESIDENTS}, or choose {', '.join(BASELINES)}",
        )


def baseline_layer(name: str) -> str:
    """The id of the layer that a baseline names; '' where it names none."""
    return "" if name in ("", *BASELINES) else name.partition(":")[0].strip()


def possible_baselines(of: BaselineSources) -> list[str]:
    """The names of all baselines that cells could be held against, as the Question names them.

    Parameters
    ----------
    of
        What they are made of.

    Returns
    -------
    `even` first; `other` only where the Question chooses categories, and a layer only where it
    names one.
    """
    names = {
        "even": True,
        "points": any(of.sources.values()),
        RESIDENTS: not _why_no_residents(of.study),
        "other": bool(of.question.category),
    }
    own = of.question.baseline
    return list(
        dict.fromkeys([*(name for name, can in names.items() if can), *([own] * bool(own))])
    )


def stated_baseline(of: BaselineSources) -> StatedBaseline:
    """The baseline of a Question, with its words.

    Parameters
    ----------
    of
        What it is made of.

    Returns
    -------
    The one that the Question names. Where it names none each source has its own: its snap points
    where it has such, residents where all are known, else an even spread; expected counts add.
    """
    name = of.question.baseline
    if not name and of.question.test == "gi":
        name = "even"
    if name and name != "points":
        return _named(name, of)
    parts: list[tuple[StatedBaseline, float, str]] = []
    for source, snapped in of.sources.items():
        n = float((of.counted["source"] == source).sum())
        own = _by_points(source, of) if snapped or name == "points" else None
        if own is None:
            own = _named("even" if _why_no_residents(of.study) else RESIDENTS, of)
        parts.append((own, n, source))
    return _mixed(parts, of)


def _mixed(
    parts: Sequence[tuple[StatedBaseline, float, str]], of: BaselineSources
) -> StatedBaseline:
    # A source without incidents in the period adds nothing to what was to be expected.
    present = [part for part in parts if part[1] > 0] or list(parts[:1])
    if not present:
        return _named("even", of)
    if len({part.name for part, _, _ in present}) == 1 and present[0][0].name != "points":
        return present[0][0]
    if len(present) == 1:
        return present[0][0]
    words = list(dict.fromkeys(part.words for part, _, _ in present))
    return StatedBaseline(
        Baseline.mixed([(part.baseline, n) for part, n, _ in present]),
        "+".join(dict.fromkeys(part.name for part, _, _ in present)),
        " and ".join(words),
        "; ".join(f"{source}: {part.detail or part.words}" for part, _, source in present),
        tuple(dict.fromkeys(caveat for part, _, _ in present for caveat in part.caveats)),
    )


def _named(name: str, of: BaselineSources) -> StatedBaseline:
    cells = of.cells
    if name == "even":
        words = f"an even spread over {of.study_title}"
        return StatedBaseline(Baseline(cells.inside_area), "even", words)
    if name == RESIDENTS:
        people = _amounts(of.study, RESIDENTS)
        return StatedBaseline(
            Baseline(of.spread(people)),
            RESIDENTS,
            "its residents",
            f"{people.sum():,.0f} residents of {of.study_title}",
        )
    if name == "other":
        return _by_other_incidents(of)
    if of.layer is None:
        raise AssertionError("a baseline's layer is read before it is needed")
    column = name.partition(":")[2].strip()
    if not column:
        x, y = shapely.get_coordinates(shapely.centroid(of.layer.geometry.to_numpy())).T
        inside = shapely.contains_xy(shapely.union_all(of.study.geometry.to_numpy()), x, y)
        detail = f"{inside.sum():,} points of {of.layer_title}"
        amounts = cells.count(x[inside], y[inside]).astype(float)
        return StatedBaseline(Baseline(amounts), name, f"its {of.layer_title}", detail)
    counts = _amounts(of.layer, column)
    shapes = shapely.intersection(
        of.layer.geometry.to_numpy(), shapely.union_all(of.study.geometry.to_numpy())
    )
    whole = shapely.area(of.layer.geometry.to_numpy())
    share = np.divide(shapely.area(shapes), whole, out=np.zeros(len(whole)), where=whole > 0)
    amounts = cells.spread(shapes, counts * share)
    return StatedBaseline(
        Baseline(amounts),
        name,
        f"its {column}",
        f"{amounts.sum():,.0f} {column} of {of.layer_title}",
    )


def _by_other_incidents(of: BaselineSources) -> StatedBaseline:
    """All incidents of the period: which of them are those of the Question is what is tested."""
    rows = of.rows.of_all_categories()
    others = int((~rows["category"].isin(of.question.category)).sum())
    if of.question.test != "gi":
        # Those that are tested count once a series then, so all of them have to.
        rows = rows[begins_series(rows)]
    amounts = of.cells.count(rows["x"], rows["y"]).astype(float)
    return StatedBaseline(
        Baseline(amounts, labels=True),
        "other",
        "all other incidents there",
        f"{others:,} other incidents",
    )


def _by_points(source: str, of: BaselineSources) -> StatedBaseline | None:
    """The points of a source, of each list by its incidents; None where there is no point."""
    lists = [one for one in of.rows.point_lists if one.source == source]
    here = of.counted[(of.counted["source"] == source).to_numpy(dtype=bool)]
    months = london_months(here["occurred_from"]).astype(str)
    n = [float(np.isin(months, one.months).sum()) for one in lists]
    used = [(one, each) for one, each in zip(lists, n, strict=True) if each > 0]
    used = used or [(one, 1.0) for one in lists[-1:]]
    if not used:
        return None
    counts = [of.cells.count(one.x, one.y).astype(float) for one, _ in used]
    return StatedBaseline(
        Baseline.mixed([(Baseline(c), each) for c, (_, each) in zip(counts, used, strict=True)]),
        "points",
        "its points",
        " and ".join(_list_words(one, alone=len(used) == 1) for one, _ in used),
        tuple(caveat for one, _ in used for caveat in _list_caveats(one)),
    )


def _list_words(one: PointList, *, alone: bool) -> str:
    months = f"{len(one.months)} month{'' if len(one.months) == 1 else 's'}"
    since = "" if alone else f" from {Period.of_months(one.months[0], one.months[-1]).title}"
    return f"{len(one.x):,} points of {months}{since}"


def _list_caveats(one: PointList) -> list[str]:
    if len(one.months) >= FEWEST_LIST_MONTHS:
        return []
    months = f"{len(one.months)} month{'' if len(one.months) == 1 else 's'}"
    caveat = (
        f"The points of {one.source} are known from {months} of incidents only, fewer than "
        f"{FEWEST_LIST_MONTHS}: points without an incident so far are missing, so quiet places "
        "look busier than they are."
    )
    return [caveat]


def _is_areas(layer: gpd.GeoDataFrame) -> bool:
    return bool(np.isin(shapely.get_type_id(layer.geometry.to_numpy()), (3, 6)).all())


def _is_points(layer: gpd.GeoDataFrame) -> bool:
    return bool(np.isin(shapely.get_type_id(layer.geometry.to_numpy()), (0, 4)).all())


def _why_no_residents(study: gpd.GeoDataFrame) -> str:
    """Why residents are no baseline here; '' where they are one."""
    if RESIDENTS not in study.columns:
        return "the study area's layer has no residents; see 'patchmap attributes add'"
    try:
        _amounts(study, RESIDENTS)
    except QuestionError as error:
        return str(error).removeprefix("baseline: ")
    if len(overlapping_pairs(study)):
        return "areas of the study area overlap, so their residents would count twice"
    return ""


def _amounts(layer: gpd.GeoDataFrame, column: str) -> Floats:
    """A column of counts of each area.

    Raises
    ------
    QuestionError
        If there is no such column, or it is no count.
    """
    if column not in layer.columns:
        names = ", ".join(
            str(name)
            for name in layer.columns
            if name not in ("geometry", "area_name", "name")
            and pd.api.types.is_numeric_dtype(layer[name])
        )
        raise QuestionError(
            "baseline", f"the layer has no column {column!r}; its numbers are: {names or 'none'}"
        )
    values = pd.to_numeric(layer[column], errors="coerce").to_numpy(float)
    wrong = int((~(np.isfinite(values) & (values >= 0))).sum())
    if wrong or not values.sum() > 0:
        reason = f"{wrong:,} of {len(values):,} areas have no number of at least 0"
        raise QuestionError(
            "baseline", f"{column!r} is no count: {reason if wrong else 'all are 0'}"
        )
    return values


@dataclass(frozen=True)
class MonthDispersion:
    """How much counts vary from month to month, beside chance.

    Attributes
    ----------
    value
        Variance over mean, at least 1.
    months
        Of how many months it was measured; 0 where it was not, and `value` is 1.
    """

    value: float = 1.0
    months: int = 0


def month_dispersion(
    incidents: pd.DataFrame, cells: Cells, months: Sequence[str]
) -> MonthDispersion:
    """Measure how much the counts of neighbourhoods vary from month to month.

    Parameters
    ----------
    incidents
        The Question's incidents of these months, in the study area.
    cells
        The cells of the study area.
    months
        The months that are known in full, as `YYYY-MM`.

    Returns
    -------
    The dispersion; not measured with fewer than `FEWEST_MONTHS`.
    """
    if len(months) < FEWEST_MONTHS or not len(incidents):
        return MonthDispersion()
    known = np.array(months, dtype="datetime64[M]")
    counts = np.zeros((len(cells), len(months)))
    for start in range(0, len(incidents), AT_ONCE):
        rows = incidents[start : start + AT_ONCE]
        # Months have few moments, where incidents have no time of day.
        moment, moments = pd.factorize(rows["occurred_from"])
        month = pd.Index(known).get_indexer(london_months(pd.Series(moments)))[moment]
        x, y = (rows[axis].to_numpy(float)[month >= 0] for axis in ("x", "y"))
        pair = cells.assign(x, y) * np.int64(len(months)) + month[month >= 0]
        counts += np.bincount(pair, minlength=counts.size).reshape(counts.shape)
    value = dispersion(cells.neighbours @ counts, counts.sum(axis=0))
    return MonthDispersion(value, len(months))
