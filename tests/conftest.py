"""What the tests of every floor share: a place, a few drawn areas, and incidents from lists."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, settings

from geo.crs import BRITISH_NATIONAL_GRID, Projection
from geo.incidents import COLUMNS, month_span
from tests.disks import small_disk
from tests.leftovers import (  # noqa: F401 - hooks, which pytest looks for here
    _nothing_left_beside_files,
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_unconfigure,
)
from tests.made import (  # noqa: F401 - fixtures, found by their names
    demo_city,
    demo_folder,
    demo_store,
    derby_store,
    melton_store,
)
from tests.postgres import Cluster, PostgresUnavailableError, PrivateCluster, start_cluster
from tests.scheduling import (  # noqa: F401 - likewise
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_xdist_make_scheduler,
)

# How long an example takes, or to think of one, says only how busy the machine is.
# CI tries the same examples each time: a change passes or fails by what it is, not by the draw.
settings.register_profile(
    "patchmap",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patchmap")

IncidentRow = tuple[float, float, str, str]
IncidentMaker = Callable[[Sequence[IncidentRow]], pd.DataFrame]


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("PATCHMAP_REAL_DATA")
    if not folder:
        pytest.skip("set PATCHMAP_REAL_DATA to run the real-data tests")
    return Path(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server with PostGIS."""
    try:
        with start_cluster(in_memory=True) as started:
            yield started
    except PostgresUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def private(cluster: Cluster) -> PrivateCluster:
    """The same, where it may be stopped and killed."""
    if not isinstance(cluster, PrivateCluster):
        pytest.skip("the server of TEST_DATABASE_URL is not ours to stop")
    return cluster


@pytest.fixture
def server_disk(private: PrivateCluster) -> Iterator[Path]:
    """A disk of the server on which one database finds room."""
    with small_disk(private.folder / "small", megabytes=64) as mounted:
        yield mounted


@pytest.fixture(scope="session")
def projection() -> Projection:
    return Projection.choose()


@pytest.fixture(scope="session")
def four_squares() -> gpd.GeoDataFrame:
    """Four squares of 100 m in Derby.

    336200 +---+---+
           | C | D |
    336100 +---+---+
           | A | B |
    336000 +---+---+
      435000  435100 435200
    """
    west, south = 435_000, 336_000
    corners = {"A": (0, 0), "B": (100, 0), "C": (0, 100), "D": (100, 100)}
    squares = [
        shapely.box(west + x, south + y, west + x + 100, south + y + 100)
        for x, y in corners.values()
    ]
    names = {"area_name": [f"Ward {code}" for code in corners]}
    index = pd.Index(list(corners), name="area_code")
    return gpd.GeoDataFrame(names, index=index, geometry=squares, crs=BRITISH_NATIONAL_GRID)


@pytest.fixture(scope="session")
def incident_frame() -> IncidentMaker:
    """Makes an incident frame of rows (x, y, category, when).

    When is a month (`2024-01`, published by police.uk), or a UTC instant
    (`2024-01-31T23:30:00`, of the source `council`).
    """
    return _incident_frame


def _incident_frame(rows: Sequence[IncidentRow]) -> pd.DataFrame:
    table = []
    for number, (x, y, category, when) in enumerate(rows, start=1):
        instant = "T" in when
        moment = pd.Timestamp(when, tz="UTC") if instant else None
        first, last = (moment, moment) if instant else month_span(when)
        source, precision = ("council", "instant") if instant else ("police.uk", "month")
        table.append(
            (f"t:{number}", source, category, first, last, precision, float(x), float(y), "Street")
        )
    frame = pd.DataFrame(table, columns=list(COLUMNS[:-1])).assign(reference="")
    for name in ("occurred_from", "occurred_to"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[s, UTC]")
    return frame.astype({"x": float, "y": float, "source": "str", "category": "str"})
