"""Ours: an archive into a PostGIS store, as the command line does it."""

from __future__ import annotations

import sys
from pathlib import Path

from geo.sources.police_uk import read_police_uk
from geo.store.postgis import PostgisStore


def main(archive: Path, url: str) -> None:
    store = PostgisStore(url, create=True)
    with store.transaction():
        for part in read_police_uk(archive, store.projection):
            store.put_partition(part)
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
