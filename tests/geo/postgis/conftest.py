"""A new database for each test, a store in it, and months to put there."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

from geo.incidents import REJECT_COLUMNS, Batch, Partition
from geo.store.postgis import PostgisStore
from tests.geo.postgis.databases import opened


@pytest.fixture
def url(cluster) -> Iterator[str]:
    made = cluster.new_database()
    yield made
    cluster.drop_database(made)


@pytest.fixture
def store(url) -> Iterator[PostgisStore]:
    with opened(url, create=True) as made:
        yield made


@pytest.fixture
def partition(incident_frame):
    """Makes a month of `n` incidents, one rejected row beside them."""

    def make(month: str = "2024-01", n: int = 2, *, content: str = "v1", **columns) -> Partition:
        rows = [(435_000.25 + i, 336_000.5, "drugs", month) for i in range(n)]
        ids = [f"police.uk/derbyshire/{month}:{line}" for line in range(2, n + 2)]
        frame = incident_frame(rows).assign(**{"incident_id": ids, **columns})
        rejected = pd.DataFrame({"line": [99], "reason": ["no location"], "row": [("a", "b")]})
        return Partition(
            "police.uk",
            "derbyshire",
            month,
            f"{month}-derbyshire-street.csv",
            # The same file for two months would be refused as a twin.
            content if content == "twin" else f"{month}-{content}",
            ("Longitude", "Latitude"),
            lambda: iter([Batch(frame, rejected)]),
        )

    return make


@pytest.fixture
def keyed(incident_frame):
    """Makes a keyed partition of rows (id, category, when), and of one rejected row."""

    def make(rows: list[tuple[str, str, str]], *, content: str = "k1") -> Partition:
        frame = incident_frame([(435_000, 336_000, kind, when) for _, kind, when in rows])
        frame["incident_id"] = pd.Series([key for key, _, _ in rows], dtype="str")
        batch = Batch(frame, pd.DataFrame(columns=list(REJECT_COLUMNS)))
        return Partition(
            "council", "noise", "", "noise.csv", content, (), lambda: iter([batch]), keyed=True
        )

    return make
