"""The rival: an archive into PostGIS, with the spatial index that `to_postgis` makes."""

from __future__ import annotations

import sys

from sqlalchemy import create_engine
from street_points import read_points

if __name__ == "__main__":
    archive, url = sys.argv[1:]
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://", 1))
    read_points(archive).to_postgis("incidents", engine)
