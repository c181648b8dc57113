"""What was purged is in no file of the server's tables."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from geo.store.postgis import PostgisStore
from tests.geo.stores.parts import all_incidents
from tests.geo.stores.traces import fill_with_traces, traces


def test_no_table_file_has_a_trace_after_a_purge(url: str, store: PostgisStore) -> None:
    with psycopg.connect(url, autocommit=True) as administrator:

        def value(statement: str) -> str:
            return str(administrator.execute(statement).fetchone()[0])

        folder = Path(value("SHOW data_directory")) / "base"
        folder /= value("SELECT oid FROM pg_database WHERE datname = current_database()")
        if not os.access(folder, os.R_OK | os.X_OK):
            pytest.skip("the files of this server cannot be read from here")
        fill_with_traces(store)
        before = all_incidents(store)
        # What the server has in memory only is written.
        administrator.execute("CHECKPOINT")
        assert traces(folder) > 500
        with store.transaction():
            assert len(store.purge_imports("9999")) == 2
        store.compact()
        administrator.execute("CHECKPOINT")
        assert traces(folder) == 0
        assert all_incidents(store) == before
