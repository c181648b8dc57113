"""Repeat issues: a place where an issue comes back soon after it was closed.

Also the places with so many reports that an anti-social behaviour case review can be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError
from geo.incidents import LONDON
from geo.judging import FEWEST, TOO_FEW
from geo.lookup import are_among
from geo.records.life import OPEN_STATES, WITHDRAWN, known_at, spells_of, state_at
from geo.records.places import SAME_PLACE_M, NearbyPoints, place_codes

Bools = NDArray[np.bool_]

WITHIN_DAYS: Final = 90
"""An issue that comes back within so many days of its closing is a repeat."""

CASE_REVIEW_REPORTS: Final = 3
CASE_REVIEW_MONTHS: Final = 6

REPEAT_COLUMNS: Final = (
    "earlier", "category", "received", "closed", "days", "metres", "outcome", "x", "y"
)  # fmt: skip
OUTCOME_COLUMNS: Final = ("closed", "came_back", "share", "why")
CASE_REVIEW_COLUMNS: Final = ("reports", "still_open", "first", "last", "x", "y", "spread_m")

_SNAPPED: Final = (
    "repeat issues cannot be found: the source moves its points to anonymous ones that many "
    "addresses share. Use a source with true places"
)


@dataclass(frozen=True)
class RepeatIssues:
    """Records that came soon after one of the same category at the same place was closed.

    Attributes
    ----------
    repeats
        A row for each, indexed by `incident_id`, with `REPEAT_COLUMNS`: the id of the record that
        was closed last before it, when that was `closed` and how many `days` before (by the
        calendar in London), how many `metres` away, and its `outcome`: what was done before. Of one
        that was opened again since then it is '': its outcome now is not that of the earlier time.
    examined, without_place
        How many records were looked at, and how many more have no place to be compared by.
    """

    repeats: pd.DataFrame
    examined: int
    without_place: int

    @property
    def share(self) -> float:
        """The repeats as a share of the records examined; NaN of fewer than `FEWEST`."""
        return len(self.repeats) / self.examined if self.examined >= FEWEST else float("nan")


def repeat_issues(
    lives: pd.DataFrame,
    *,
    examine: Bools | None = None,
    metres: float = SAME_PLACE_M,
    days: int = WITHIN_DAYS,
    snapped: bool = False,
    spells: pd.DataFrame | None = None,
) -> RepeatIssues:
    """Find the records that repeat an issue which had been closed.

    The earlier record must be closed before the later one is received: a second report of what is
    still open, or is open again, is no repeat. Dates without times make those of one day equal, and
    no repeat either. A withdrawn record was not dealt with, so it is nobody's earlier one.

    Parameters
    ----------
    lives
        All records, with the columns of a life, `category`, `x` and `y` (metres, NaN without a
        place).
    examine
        Which records are looked at, for instance those received in a period; all by default. The
        earlier ones can be any.
    metres
        Within how many metres two records are of one place; 0 for the same coordinate alone.
    days
        Within how many days of the closing.
    snapped
        Whether the source moves its points to anonymous ones.
    spells
        `geo.records.life.SPELL_COLUMNS`: times during which records were closed before they were
        opened again.

    Returns
    -------
    The repeats in the order of receipt.

    Raises
    ------
    InputError
        If the points are snapped.
    """
    _refuse_snapped(snapped=snapped)
    wanted = lives["received"].notna().to_numpy(dtype=bool)
    if examine is not None:
        wanted = wanted & examine
    has_place = lives["x"].notna().to_numpy(dtype=bool)
    later = lives[wanted & has_place]
    placed = lives[has_place]
    pauses = spells_of(placed, spells)
    candidates = [
        _pairs(placed, later, direction="backward", metres=metres, days=days).assign(pause=-1)
    ]
    if len(pauses):
        candidates.append(_pairs_with_pauses(placed, later, pauses, metres=metres, days=days))
    # Of neighbouring points the one with the latest closing, then the nearest, then by id.
    pairs = (
        pd.concat(candidates, ignore_index=True)
        .sort_values(["later", "closed", "metres", "earlier"], ascending=[True, False, True, True])
        .drop_duplicates("later")
    )
    table = pairs.set_index(pd.Index(pairs["later"], name="incident_id"))
    own, before = lives.loc[table.index], lives.loc[table["earlier"]]
    paused = (table["pause"] >= 0).to_numpy(dtype=bool)
    closed = before["closed"].set_axis(table.index)
    closed[paused] = pauses["closed"].reindex(table.loc[paused, "pause"]).to_numpy()
    table = table.assign(
        received=own["received"],
        closed=pd.to_datetime(closed, utc=True),
        outcome=before["outcome"].mask(paused, "").to_numpy(),
        **{name: own[name] for name in ("category", "x", "y")},
    )
    ordered = table[list(REPEAT_COLUMNS)].sort_values("received", kind="stable")
    return RepeatIssues(ordered, len(later), int((wanted & ~has_place).sum()))


def came_back_after(
    lives: pd.DataFrame,
    moment: pd.Timestamp,
    *,
    metres: float = SAME_PLACE_M,
    days: int = WITHIN_DAYS,
    snapped: bool = False,
) -> pd.DataFrame:
    """After which outcomes issues came back: what was done, and how often it did not last.

    Only records that were closed long enough before the moment to be seen coming back count.

    Parameters
    ----------
    lives
        As for `repeat_issues`.
    moment
        With a time zone.
    metres, days, snapped
        As for `repeat_issues`.

    Returns
    -------
    A row for each outcome, most records first, indexed by it, with `OUTCOME_COLUMNS`; no share of
    fewer than `FEWEST`.

    Raises
    ------
    InputError
        If the points are snapped.
    """
    _refuse_snapped(snapped=snapped)
    long_ago = lives["closed"] <= known_at(lives, moment) - pd.Timedelta(days=days)
    has_place = lives["x"].notna()
    closed = lives[long_ago & has_place & ~lives[WITHDRAWN]]
    later = lives[has_place & (lives["received"] <= moment)]
    pairs = _pairs(closed, later, metres=metres, days=days, direction="forward")
    back = are_among(closed.index, pairs["earlier"])
    frame = pd.DataFrame({"outcome": closed["outcome"], "closed": 1, "came_back": back.astype(int)})
    table = frame.groupby("outcome", sort=True)[["closed", "came_back"]].sum()
    few = (table["closed"] < FEWEST).to_numpy()
    table["share"] = np.where(few, np.nan, table["came_back"] / table["closed"])
    table["why"] = np.where(few, TOO_FEW, "").astype(object)
    return table.sort_values("closed", ascending=False, kind="stable")


def case_review_places(
    lives: pd.DataFrame,
    moment: pd.Timestamp,
    *,
    reports: int = CASE_REVIEW_REPORTS,
    months: int = CASE_REVIEW_MONTHS,
    metres: float = SAME_PLACE_M,
) -> pd.DataFrame:
    """Find the places with so many reports that a case review can be asked for.

    An anti-social behaviour case review must be carried out if three qualifying complaints were
    made, or as many fewer as the council's own procedure says, each within a month of what happened
    and with the application within six months. The threshold is that of a person who complains and
    of one behaviour. Patchmap knows no persons, so the place says that it is worth a look; it does
    not decide.

    Parameters
    ----------
    lives
        Reports of anti-social behaviour, with the columns of a life, `x` and `y` in metres.
        Withdrawn ones and those without a place do not count.
    moment
        The end of the months; with a time zone.
    reports, months
        The threshold.
    metres
        As `geo.records.places.place_codes`.

    Returns
    -------
    A row for each place, most reports first, with `CASE_REVIEW_COLUMNS`: how many are still open,
    London dates of the first and last, the median point, and the metres from there to the farthest.

    Source: Anti-social Behaviour, Crime and Policing Act 2014, section 104(4) and (11).
    """
    some = _reports_since(lives, moment, months=months)
    some = some[some["x"].notna()]
    code = place_codes(some["x"].to_numpy(float), some["y"].to_numpy(float), metres=metres)
    frame = pd.DataFrame(
        {
            "place": code,
            "day": some["received"].dt.tz_convert(LONDON).dt.date.to_numpy(),
            "open": state_at(some, moment).isin(OPEN_STATES).to_numpy(),
            "x": some["x"].to_numpy(float),
            "y": some["y"].to_numpy(float),
        }
    )
    grouped = frame.groupby("place")
    middle = grouped[["x", "y"]].transform("median")
    frame["away"] = np.hypot(frame["x"] - middle["x"], frame["y"] - middle["y"])
    table = grouped.agg(
        reports=("day", "size"),
        still_open=("open", "sum"),
        first=("day", "min"),
        last=("day", "max"),
        x=("x", "median"),
        y=("y", "median"),
    ).assign(spread_m=frame.groupby("place")["away"].max())
    return table[table["reports"] >= reports].reset_index(drop=True)[list(CASE_REVIEW_COLUMNS)]


def reports_near(
    lives: pd.DataFrame,
    x: float,
    y: float,
    moment: pd.Timestamp,
    *,
    months: int = CASE_REVIEW_MONTHS,
    metres: float = SAME_PLACE_M,
) -> int:
    """How many reports a place had in the months before a moment; see `case_review_places`.

    Parameters
    ----------
    lives, moment, months, metres
        As `case_review_places`.
    x, y
        The middle of the place, in metres.

    Returns
    -------
    The number, to hold against `CASE_REVIEW_REPORTS`.
    """
    some = _reports_since(lives, moment, months=months)
    return int((np.hypot(some["x"] - x, some["y"] - y) <= metres).sum())


def _reports_since(lives: pd.DataFrame, moment: pd.Timestamp, *, months: int) -> pd.DataFrame:
    since = moment.tz_convert(LONDON) - pd.DateOffset(months=months)
    return lives[(lives["received"] > since) & (lives["received"] <= moment) & ~lives[WITHDRAWN]]


def _pairs(
    earlier: pd.DataFrame,
    later: pd.DataFrame,
    *,
    metres: float,
    days: int,
    direction: Literal["backward", "forward"],
) -> pd.DataFrame:
    """Pairs of an earlier, closed record and a later one, both of a category and a place.

    For each later record and each point near it the record that was closed last (`backward`), or
    for each earlier one and each point the one received next (`forward`).
    """
    usable = earlier["closed"].notna() & ~earlier[WITHDRAWN]
    done = earlier[usable]
    x, y = (np.concatenate([part[axis].to_numpy(float) for part in (done, later)]) for axis in "xy")
    nearby = NearbyPoints(x, y, metres)
    # A record closed before it was received is not followed by itself.
    closed = done["closed"].where(done["closed"] > done["received"], done["received"])
    tables = {
        "earlier": _timed(done.index, closed, done["category"], nearby.code[: len(done)]),
        "later": _timed(
            later.index, later["received"], later["category"], nearby.code[len(done) :]
        ),
    }
    left, right = ("later", "earlier") if direction == "backward" else ("earlier", "later")
    near = pd.DataFrame(nearby.pairs, columns=["point", "other"])
    reaching = tables[left].merge(near, on="point").sort_values("at", kind="stable")
    matched = pd.merge_asof(
        reaching.rename(columns={"record": left}),
        tables[right]
        .rename(columns={"record": right, "point": "other"})
        .assign(matched_at=lambda frame: frame["at"])
        .sort_values(["at", right], kind="stable"),
        on="at",
        by=["other", "category"],
        direction=direction,
        allow_exact_matches=False,
        tolerance=pd.Timedelta(days=days + 1),
    ).dropna(subset="matched_at")
    gap = (matched["at"].dt.normalize() - matched["matched_at"].dt.normalize()).abs().dt.days
    matched, gap = matched[gap <= days], gap[gap <= days]
    apart = nearby.xy[matched["point"].to_numpy(int)] - nearby.xy[matched["other"].to_numpy(int)]
    times = matched["matched_at" if direction == "backward" else "at"]
    return pd.DataFrame(
        {
            "earlier": matched["earlier"],
            "later": matched["later"],
            "closed": times,
            "days": gap,
            "metres": np.hypot(*apart.T),
        }
    )


def _pairs_with_pauses(
    earlier: pd.DataFrame,
    later: pd.DataFrame,
    pauses: pd.DataFrame,
    *,
    metres: float,
    days: int,
) -> pd.DataFrame:
    """As `_pairs` of records received while an earlier one was closed that was opened again.

    `pause` is the row of `pauses`, as `geo.records.life.spells_of` gives them.
    """
    own = earlier.iloc[pauses["record"]]
    usable = ~own[WITHDRAWN].to_numpy(dtype=bool)
    pauses, own = pauses[usable], own[usable]
    x, y = (np.concatenate([part[axis].to_numpy(float) for part in (own, later)]) for axis in "xy")
    nearby = NearbyPoints(x, y, metres)
    code, n = nearby.code, len(own)
    left = _timed(own.index, pauses["closed"], own["category"], code[:n])
    left = left.assign(until=_local(pauses["reopened"]), pause=pauses.index)
    right = _timed(later.index, later["received"], later["category"], code[n:])
    near = pd.DataFrame(nearby.pairs, columns=["point", "other"])
    both = left.merge(near, on="point").merge(
        right.rename(columns={"point": "other"}),
        on=["other", "category"],
        suffixes=("_earlier", "_later"),
    )
    gap = (both["at_later"].dt.normalize() - both["at_earlier"].dt.normalize()).dt.days
    # Opened again by then, it is no longer an issue that was closed.
    follows = (both["at_earlier"] < both["at_later"]) & (both["at_later"] < both["until"])
    both, gap = both[follows & (gap <= days)], gap[follows & (gap <= days)]
    apart = nearby.xy[both["point"].to_numpy(int)] - nearby.xy[both["other"].to_numpy(int)]
    return pd.DataFrame(
        {
            "earlier": both["record_earlier"],
            "later": both["record_later"],
            "closed": both["at_earlier"],
            "days": gap,
            "metres": np.hypot(*apart.T),
            "pause": both["pause"],
        }
    )


def _timed(
    record: pd.Index, at: pd.Series, category: pd.Series, point: NDArray[np.int64]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record": record.astype("str"),
            "at": _local(at),
            "category": category.astype("str").array,
            "point": point,
        }
    )


def _local(times: pd.Series) -> NDArray[np.datetime64]:
    """Times on the clock in London, so that dates lie whole days apart."""
    local = times.dt.tz_convert(LONDON).dt.tz_localize(None)
    return np.asarray(local, "datetime64[ns]")


def _refuse_snapped(*, snapped: bool) -> None:
    if snapped:
        raise InputError(_SNAPPED)
