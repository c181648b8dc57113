"""The rival: incidents of a GeoPackage counted by ward and month with pandas and geopandas."""

from __future__ import annotations

import sys

import pyogrio


def main(store: str, target: str) -> None:
    incidents = pyogrio.read_dataframe(
        store, layer="incidents", columns=["occurred_from"], use_arrow=True
    )
    wards = pyogrio.read_dataframe(store, layer="wards", columns=["area_code"], use_arrow=True)
    joined = incidents.sjoin(wards, predicate="within")
    month = joined["occurred_from"].dt.tz_convert("Europe/London").dt.strftime("%Y-%m")
    counts = joined.groupby([joined["area_code"], month.rename("month")]).size().rename("n")
    counts.reset_index().to_csv(target, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
