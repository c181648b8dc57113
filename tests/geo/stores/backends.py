"""Which kinds of stores can be tried on this machine."""

import importlib
import os
from pathlib import Path

MISSING = "install psycopg and postgresql-15-postgis-3 to try the contract on PostGIS too"


def postgis_can_be_tried() -> bool:
    """Whether the store, its driver and a server with PostGIS are there."""
    try:
        importlib.import_module("geo.store.postgis")
        importlib.import_module("tests.postgres")
    except ImportError:
        return False
    installed = Path("/usr/share/postgresql").glob("*/extension/postgis.control")
    return bool(os.environ.get("TEST_DATABASE_URL") or any(installed))
