"""Write 10,000 areas and 100,000 points into a store and into PostGIS: the same for everyone."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import shapely

from geo.incidents import COLUMNS, Batch, Partition, month_span
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore

AREAS, POINTS, SIDE = 100, 100_000, 200.0
WEST, SOUTH = 430_000.0, 330_000.0


def areas(crs: str) -> gpd.GeoDataFrame:
    """A hundred by a hundred plots with 24 corners each."""
    number = np.arange(AREAS**2)
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    round_plot = np.column_stack([np.cos(turn), np.sin(turn)]) * SIDE * 0.48
    middles = np.column_stack([number % AREAS, number // AREAS]) * SIDE + [WEST, SOUTH]
    return gpd.GeoDataFrame(
        {"area_name": [f"Plot {i}" for i in number], "residents": number % 977},
        geometry=shapely.polygons(middles[:, None, :] + round_plot),
        index=pd.Index([f"P{i:05}" for i in number], name="area_code"),
        crs=crs,
    )


def points() -> pd.DataFrame:
    """A month of incidents all over the plots."""
    draw = np.random.default_rng(1)
    start, end = month_span("2024-01")
    values = {
        "incident_id": [f"bench-{i}" for i in range(POINTS)],
        "source": "bench",
        "category": draw.choice(["burglary", "drugs", "robbery"], POINTS),
        "occurred_from": start.as_unit("s"),
        "occurred_to": end.as_unit("s"),
        "precision": "month",
        "x": np.round(draw.uniform(WEST, WEST + AREAS * SIDE, POINTS)),
        "y": np.round(draw.uniform(SOUTH, SOUTH + AREAS * SIDE, POINTS)),
        "location": "On or near Long Row",
        "reference": "",
    }
    return pd.DataFrame(values, columns=list(COLUMNS))


def main(store_path: str, url: str) -> None:
    """Fill both."""
    store, rows = GeoPackageStore(Path(store_path), create=True), points()
    plots = areas(store.projection.crs)
    empty = pd.DataFrame({"line": [], "reason": [], "row": []})
    part = Partition(
        source="bench", name="bench", month="2024-01", file="bench", sha256="", fields=(),
        batches=lambda: iter([Batch(rows, empty)]),
    )  # fmt: skip
    with store.transaction():
        store.put_layer(LayerMetadata("plots"), plots)
        store.put_partition(part)
    lonlat = store.projection.geometries_to_lonlat
    in_degrees = lonlat(plots.geometry.to_numpy())
    listed = plots.reset_index().drop(columns="geometry")
    _fill(url, "plots", listed, in_degrees, "area_code")
    spots = lonlat(np.asarray(shapely.points(rows["x"], rows["y"])))
    columns = ["incident_id", "source", "category", "occurred_from", "precision", "location"]
    _fill(url, "incidents", rows[columns], spots, "incident_id")
    store.close()


def _fill(url: str, table: str, rows: pd.DataFrame, shapes: np.ndarray, key: str) -> None:
    types = {name: "int" if rows[name].dtype.kind == "i" else "text" for name in rows}
    declared = ", ".join(f"{name} {kind}" for name, kind in types.items())
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE TABLE {table} ({declared}, geom geometry(Geometry, 4326))")
        with server.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            wkb = shapely.to_wkb(shapely.set_srid(shapes, 4326), hex=True, include_srid=True)
            for row, shape in zip(rows.astype(str).itertuples(index=False), wkb, strict=True):
                copy.write_row((*row, shape))
        server.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({key})")
        server.execute(f"CREATE INDEX ON {table} USING gist (geom)")
        server.execute(f"VACUUM ANALYZE {table}")


if __name__ == "__main__":
    main(*sys.argv[1:])
