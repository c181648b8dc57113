"""Databases as users and other programs open them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from geo.errors import StoreError
from geo.store.contract import LayerMetadata
from geo.store.postgis import PostgisStore

WARDS = LayerMetadata("wards", title="Wards of 2025")
SECRET = "s3cret-Pa55"


@contextmanager
def opened(url: str, *, create: bool = False) -> Iterator[PostgisStore]:
    made = PostgisStore(url, create=create)
    try:
        yield made
    finally:
        made.close()


def run(url: str, statement: str) -> list[tuple]:
    """What another program would do to the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def refusal(url: str, kind: type[Exception] = StoreError, *, create: bool = False) -> str:
    with pytest.raises(kind) as refused:
        PostgisStore(url, create=create)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def with_password(url: str, user: str = "patchmap") -> str:
    return url.replace("patchmap@", f"{user}:{SECRET}@", 1)
