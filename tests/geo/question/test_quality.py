"""What `quality` names: each fault where it is, and nothing where it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.incidents import COLUMNS
from geo.question.quality import FEWEST_TO_JUDGE, published_twice, quality


def incidents(n: int = 200) -> pd.DataFrame:
    """Incidents of 200 days at 21:10, all at different places."""
    start = pd.Timestamp("2024-01-01 21:10", tz="UTC")
    moments = pd.DatetimeIndex([start + pd.Timedelta(days=day) for day in range(n)]).as_unit("s")
    values = {
        "incident_id": [f"c:{number}" for number in range(n)],
        "source": "council",
        "category": "fly-tipping",
        "occurred_from": moments,
        "occurred_to": moments,
        "precision": "instant",
        "x": [434_000.0 + number for number in range(n)],
        "y": 336_000.0,
        "location": "",
        "reference": [f"r{number}" for number in range(n)],
    }
    return pd.DataFrame(values, columns=list(COLUMNS))


def texts(frame: pd.DataFrame) -> dict[str, str]:
    return {note.kind: note.text for note in quality(frame, [])}


def far_in_time() -> pd.DataFrame:
    frame = incidents()
    frame.loc[7, "occurred_from"] = pd.Timestamp("1971-03-17 22:00", tz="UTC")
    return frame


def midnights() -> pd.DataFrame:
    frame = incidents()
    days = frame["occurred_from"].dt.tz_convert("Europe/London").dt.normalize()
    frame.loc[:59, "occurred_from"] = days.dt.tz_convert("UTC").loc[:59]
    return frame


def identical() -> pd.DataFrame:
    frame = incidents()
    return pd.concat([frame, *[frame.iloc[[3]]] * 12], ignore_index=True)


def alike() -> pd.DataFrame:
    frame = incidents()
    frame.loc[:9, "category"] = "flytipping"
    return frame


FAULTS = {
    "far in time": (
        far_in_time,
        "1 incidents lie far from all others in time, from 17 March 1971 to 17 March 1971",
    ),
    "times of 00:00": (midnights, "60 of 200 times are 00:00, which often stands for no time"),
    "identical rows": (identical, "12 rows repeat another with the same reference"),
    "categories that are alike": (alike, "the categories fly-tipping, flytipping differ by signs"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_named_with_its_size(kind: str) -> None:
    make, text = FAULTS[kind]
    named = texts(make())
    assert named[kind].startswith(text)
    assert set(named) & set(FAULTS) == {kind}


def test_sound_incidents_have_none_of_them() -> None:
    assert not set(texts(incidents())) & set(FAULTS)


def at_few_points(seed: int, months: int = 24) -> pd.DataFrame:
    """Months of incidents at 40 shared points, some months twice, some with two streets a point."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(months):
        n = int(rng.integers(15, 60))
        start = pd.Timestamp("2024-01-01", tz="UTC") + pd.DateOffset(months=number)
        part = pd.DataFrame(
            {
                "source": rng.choice(["north", "south"], n),
                "category": rng.choice(["burglary", "drugs"], n),
                "occurred_from": start,
                "x": rng.integers(0, 40, n) * 1.5,
                "y": -0.0,
                "location": "",
            }
        )
        again = part.assign(location="High Street") if number % 5 == 0 else part
        parts += [part, again] if number % 2 == 0 else [part]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("seed", range(3))
def test_a_month_is_published_twice_where_each_group_of_its_rows_has_an_even_count(
    seed: int,
) -> None:
    rows = at_few_points(seed)
    found = {(one.source, one.month, one.category, one.n) for one in published_twice(rows)}
    by_month = rows.assign(month=rows["occurred_from"].dt.strftime("%Y-%m"))
    expected = set()
    for key, part in by_month.groupby(["source", "month", "category"]):
        sizes = part.groupby(["x", "y", "location"]).size()
        if len(part) >= FEWEST_TO_JUDGE and not (sizes % 2).any():
            expected.add((*key, len(part)))
    assert found == expected
    assert expected


def test_a_month_published_twice_by_one_force_is_not_hidden_by_another() -> None:
    base = incidents(40).assign(
        source="police.uk", precision="month", occurred_from=pd.Timestamp("2024-02-01", tz="UTC")
    )
    twice = pd.concat([base, base], ignore_index=True)
    twice["incident_id"] = [f"police.uk/derbyshire/2024-02:{line}" for line in range(2, 82)]
    once = base.assign(x=base["x"] + 50_000)
    once["incident_id"] = [f"police.uk/leicestershire/2024-02:{line}" for line in range(2, 42)]

    def doubles(rows: pd.DataFrame) -> list[str]:
        notes = quality(rows.reset_index(drop=True), [])
        return [one.text for one in notes if one.kind == "published twice"]

    [alone] = doubles(twice)
    [beside] = doubles(pd.concat([twice, once]))
    assert beside == f"police.uk/derbyshire/2024-02: {alone}"
    assert doubles(once) == []
