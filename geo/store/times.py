"""UTC times as text, in the form of the GeoPackage standard: `2024-01-31T23:59:59Z`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
import pandas as pd


def to_iso(times: pd.Series) -> list[str]:
    """UTC times as text."""
    codes, moments = pd.factorize(times.dt.tz_convert("UTC").dt.tz_localize(None))
    # Each distinct moment is formatted once: all incidents of a published month share theirs.
    texts = np.datetime_as_string(np.asarray(moments, dtype="datetime64[s]")) + "Z"
    written: list[str] = texts.astype(object)[codes].tolist()
    return written


def from_iso(texts: Iterable[str]) -> pd.Series:
    """The UTC times that `to_iso` wrote."""
    # Each distinct text is read once, as each distinct moment is written once.
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(text, len(numbers)) for text in texts]
    moments = np.array([text[:19] for text in numbers], dtype="datetime64[s]")
    return pd.Series(moments[np.array(codes, dtype=np.intp)]).dt.tz_localize("UTC")


def now() -> str:
    """The present moment as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
