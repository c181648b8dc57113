"""What `quality` names: each fault where it is, and nothing where it is not."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.incidents import COLUMNS
from geo.question.quality import quality


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
