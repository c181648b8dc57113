"""The incidents of the demo city, as an incident frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
import scipy
import shapely
from numpy.typing import NDArray

from boundaries.demo.events.clock import LAST_DAY, YEARS, draw_moments, to_utc, year_days
from boundaries.demo.events.risk import Risks
from boundaries.demo.events.streams import ASB_STREETS, STREAMS, Stream
from boundaries.demo.town.addresses import Addresses
from boundaries.demo.town.lines import CENTRE, RADIUS_M
from boundaries.demo.town.streets import Streets
from geo.incidents import COLUMNS, LONDON
from geo.prepared import prepared

SOURCE: Final = "demo"
SHARE_OUTSIDE: Final = 0.003
REPEAT_DAYS: Final = 14
REPEAT_M: Final = 170.0

_END: Final = (LAST_DAY + 1).astype("datetime64[s]") - np.timedelta64(1, "s")
_END_UTC: Final = pd.Timestamp(_END, tz=LONDON).tz_convert("UTC").as_unit("s")


def make_incidents(
    addresses: Addresses,
    risks: Risks,
    *,
    streets: Streets,
    planted: pd.DataFrame,
    outline: shapely.Geometry,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """All incidents of four years as an incident frame, sorted by time.

    Parameters
    ----------
    planted
        Events of the planted hotspots: `local`, `address`, `category`.
    outline
        The city's area; a few incidents are moved just beyond its edge.
    """
    tree = scipy.spatial.KDTree(addresses.points)
    background = _without(ASB_STREETS, planted)
    streams = [
        _stream_events(stream, risks, tree=tree, rng=rng) for stream in (background, *STREAMS)
    ]
    table = pd.concat([planted.assign(interval_share=0.0), *streams], ignore_index=True)
    names = streets.named["street_name"].to_numpy()[addresses.street[table["address"]]]
    table["x"], table["y"] = addresses.points[table["address"]].T
    table["location"] = [
        f"{number} {name}"
        for number, name in zip(addresses.number[table["address"]].tolist(), names, strict=True)
    ]
    _move_outside(table, names, outline=outline, rng=rng)
    return _as_incidents(table, rng)


def _without(stream: Stream, planted: pd.DataFrame) -> Stream:
    """The stream without the incidents that planted hotspots already have, year by year."""
    taken = [
        int(planted["local"].between(days[0], days[-1] + 1, inclusive="left").sum())
        for days in map(year_days, range(YEARS))
    ]
    left = (total - part for total, part in zip(stream.by_year, taken, strict=True))
    return replace(stream, by_year=tuple(left))


def _stream_events(
    stream: Stream, risks: Risks, *, tree: scipy.spatial.KDTree, rng: np.random.Generator
) -> pd.DataFrame:
    follow_ups = round(sum(stream.by_year) * stream.near_repeats)
    first = 1 - stream.near_repeats
    local = np.concatenate(
        [
            draw_moments(
                year_days(year),
                round(count * first),
                profile=stream.profile,
                swing=stream.swing,
                rng=rng,
            )
            for year, count in enumerate(stream.by_year)
        ]
    )
    weights = risks.weights(stream)
    address = rng.choice(len(weights), len(local), p=weights)
    events = pd.DataFrame({"local": local, "address": address})
    if follow_ups:
        events = pd.concat([events, _follow_ups(events, follow_ups, tree=tree, rng=rng)])
    return events.assign(category=stream.category, interval_share=stream.interval_share)


def _follow_ups(
    events: pd.DataFrame, count: int, *, tree: scipy.spatial.KDTree, rng: np.random.Generator
) -> pd.DataFrame:
    """Incidents that follow others closely in place and time, at similar hours."""
    soon_enough = events[events["local"] < _END - np.timedelta64(REPEAT_DAYS + 1, "D")]
    first = soon_enough.iloc[rng.integers(0, len(soon_enough), count)]
    days = 1 + (rng.beta(1, 2.4, count) * (REPEAT_DAYS - 1)).astype(int)
    seconds = days * 86_400 + rng.integers(-3_600, 3_600, count)
    angle = rng.uniform(0, 2 * np.pi, count)
    step = np.minimum(rng.exponential(70, count), REPEAT_M)
    points = tree.data[first["address"]] + step[:, None] * np.column_stack(
        [np.cos(angle), np.sin(angle)]
    )
    return pd.DataFrame(
        {
            "local": first["local"].to_numpy() + seconds.astype("timedelta64[s]"),
            "address": tree.query(points)[1],
        }
    )


def _move_outside(
    table: pd.DataFrame,
    names: NDArray[np.object_],
    *,
    outline: shapely.Geometry,
    rng: np.random.Generator,
) -> None:
    """Move a few incidents just beyond the edge; nobody knows a house number there."""
    count = round(len(table) * SHARE_OUTSIDE)
    edge = shapely.boundary(outline)
    at = rng.uniform(0, edge.length, 3 * count)
    points = shapely.get_coordinates(shapely.line_interpolate_point(np.full(len(at), edge), at))
    points += (points - CENTRE) * (rng.uniform(25, 330, 3 * count) / RADIUS_M)[:, None]
    points = points[~shapely.contains_xy(prepared(outline), points)][:count].round(1)
    rows = rng.choice(len(table), len(points), replace=False)
    table.loc[rows, ["x", "y"]] = points
    table.loc[rows, "location"] = names[rows]


def _as_incidents(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    table = table.sort_values(["local", "category", "address"], ignore_index=True)
    start = to_utc(table["local"].to_numpy(), rng)
    later = rng.random(len(table)) < table["interval_share"].to_numpy()
    hours = np.where(later, rng.lognormal(np.log(9), 0.7, len(table)), 0.0)
    end = start + pd.to_timedelta((hours * 3_600).astype(int), unit="s")
    frame = table.assign(
        source=SOURCE,
        occurred_from=start,
        occurred_to=end.where(end < _END_UTC, _END_UTC).as_unit("s"),
        precision=np.where(later, "interval", "instant"),
        reference="",
    )
    # The hour that comes twice can turn the order of UTC against that of London's clocks.
    frame = frame.sort_values(["occurred_from", "category", "address"], ignore_index=True)
    frame["incident_id"] = [f"demo-{number:06d}" for number in range(1, len(frame) + 1)]
    return frame[list(COLUMNS)]
