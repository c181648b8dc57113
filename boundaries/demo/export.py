"""The demo city as files that a user could have: boundaries, police.uk months, a council sheet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.demo.city import DemoCity
from boundaries.demo.council import cases
from boundaries.demo.council.catalogue import ESTATES
from boundaries.demo.events.streams import ASB
from boundaries.demo.published import published_month, snapped
from geo.crs import Projection
from geo.formats.csv_text import to_csv
from geo.incidents import LONDON, london_months
from geo.output import OutputFolder

DEGREES_DECIMALS: Final = 7
LAST_YEAR: Final = np.datetime64("2025-04", "M")


def write_files(city: DemoCity, folder: Path, projection: Projection) -> list[Path]:
    """Write the city into a folder, which is made if need be.

    Boundaries are GeoJSON by RFC 7946 and say that they are synthetic. Incidents are written
    twice, as the police publish them (`police-uk/`, all months, snapped to a point of their
    street) and as a council keeps them (`council-asb.csv`, the last twelve months, with the mapping
    that reads it). What the council measures and spends are tables of their own, and its records
    are two extracts, a week apart, with their mapping.

    Parameters
    ----------
    projection
        The operation between the British National Grid and longitude and latitude.

    Returns
    -------
    paths
        The files written.
    """
    with OutputFolder(folder) as outputs:
        _write_layers(city, outputs, projection)
        _write_months(city, outputs, projection)
        _write_council(city, outputs)
        _write_attributes(city, outputs)
        _write_measures(city, outputs)
        _write_entries(city, outputs)
        _write_cases(city, outputs)
    return outputs.written


def _write_layers(city: DemoCity, outputs: OutputFolder, projection: Projection) -> None:
    layers = {
        "wards": _coded(city.wards[["area_name"]], "WD26"),
        "blocks": _coded(city.blocks[city.blocks.columns.drop("geometry")], "OA26"),
        "estates": _coded(city.estates[["area_name"]], "EST26"),
        "streets": city.streets[["street_name", "kind"]],
        "water": city.water[["name"]],
    }
    for name, properties in layers.items():
        frame: gpd.GeoDataFrame = getattr(city, name)
        outputs.write(
            f"{name}.geojson",
            _geojson(properties, frame.geometry.to_numpy(), city=city, projection=projection),
        )


def _coded(frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """Columns named as the Office for National Statistics names them: WD26CD, WD26NM."""
    names = {"area_code": f"{prefix}CD", "area_name": f"{prefix}NM", "ward_code": "WD26CD"}
    return pd.DataFrame(frame).reset_index().rename(columns=names)


def _geojson(
    properties: pd.DataFrame,
    geometries: NDArray[np.object_],
    *,
    city: DemoCity,
    projection: Projection,
) -> str:
    degrees = shapely.transform(
        projection.geometries_to_lonlat(geometries), lambda xy: xy.round(DEGREES_DECIMALS)
    )
    shapes = shapely.to_geojson(shapely.orient_polygons(degrees))
    features = [
        f'{{"type":"Feature","properties":{json.dumps(row)},"geometry":{shape}}}'
        for row, shape in zip(properties.to_dict("records"), shapes, strict=True)
    ]
    head = f'{{"type":"FeatureCollection","synthetic":{json.dumps(_note(city))},"features":[\n'
    return head + ",\n".join(features) + "\n]}\n"


def _note(city: DemoCity) -> str:
    return f"{city.label}: no real place, no real people, no real incidents (seed {city.seed})."


def _write_months(city: DemoCity, outputs: OutputFolder, projection: Projection) -> None:
    rows = snapped(city)
    rows["Longitude"], rows["Latitude"] = (
        degrees.round(6) for degrees in projection.to_lonlat(rows["x"], rows["y"])
    )
    for month, part in rows.groupby("Month"):
        name = f"police-uk/{month}/{month}-{city.name.lower()}-street.csv"
        outputs.write(name, to_csv(published_month(part)))


def _write_council(city: DemoCity, outputs: OutputFolder) -> None:
    recent = london_months(city.incidents["occurred_from"]) >= LAST_YEAR
    sheet = council_sheet(city.incidents[recent], city.wards)
    outputs.write("council-asb.csv", to_csv(sheet, line_end="\r\n"))
    outputs.write("council-asb.toml", COUNCIL_MAPPING)


def _write_attributes(city: DemoCity, outputs: OutputFolder) -> None:
    columns = ["electors", "electors_forecast", "residents", "members", "imd_score"]
    sheet = pd.DataFrame(city.wards[columns]).rename_axis("ward_code")
    outputs.write("attributes-wards.csv", to_csv(sheet.reset_index()))


def _write_measures(city: DemoCity, outputs: OutputFolder) -> None:
    """The values of each layer as one table, a row for each measure, area and period."""
    layers = {one.measure_id: one.layer_id for one in city.measures}
    table = city.values.assign(
        **{name: city.values[name].dt.strftime("%Y-%m-%d") for name in ("first_day", "last_day")}
    )
    for layer_id, rows in table.groupby(table["measure_id"].map(layers)):
        outputs.write(f"measures-{layer_id}.csv", to_csv(rows))


def _write_entries(city: DemoCity, outputs: OutputFolder) -> None:
    """Money and hours as a council's ledger and its officers' time sheets have them."""
    rows = city.entries[city.entries["layer_id"] != ESTATES]
    shared = pd.DataFrame(
        {
            "id": rows["entry_id"],
            "date": rows["day"].dt.strftime("%d/%m/%Y"),
            "ward": rows["area_code"].map(city.wards["area_name"]).fillna(""),
        }
    )
    money = shared.assign(
        state=rows["state"],
        amount=(rows["amount"] / 100).map("£{:,.2f}".format).str.replace("£-", "-£"),
        priority=rows["priority"],
        payee_kind=rows["payee_kind"],
        note=rows["note"],
        reverses=rows["reverses"],
        settles=rows["settles"],
    )
    hours = shared.assign(
        activity=rows["activity"],
        hours=(rows["amount"] / 60).map("{:.2f}".format),
        post=rows["post"],
    )
    outputs.write("ward-money.csv", to_csv(money[rows["kind"] == "money"]))
    outputs.write("officer-hours.csv", to_csv(hours[rows["kind"] == "time"]))


def _write_cases(city: DemoCity, outputs: OutputFolder) -> None:
    for day in cases.EXTRACTS:
        outputs.write(f"records-{day}.csv", to_csv(cases.extract_sheet(city.cases, day)))
    outputs.write("records.toml", cases.MAPPING)


_WORDING: Final = {
    "Rowdy or nuisance behaviour": 0.34,
    "Noise nuisance": 0.21,
    "Youths congregating": 0.13,
    "Vehicle nuisance": 0.11,
    "Neighbour dispute": 0.09,
    "Street drinking": 0.06,
    "Drug paraphernalia": 0.04,
    "Misuse of fireworks": 0.02,
}

COUNCIL_MAPPING: Final = """\
# How to read council-asb.csv: patchmap ingest council-asb.csv --mapping council-asb.toml
source = "council"
id = "Ref"
address = "Address"

[when]
from = ["Date reported", "Time"]
format = "dd/mm/yyyy HH:MM"

[where]
easting = "Easting"
northing = "Northing"

[what]
category = "anti-social-behaviour"  # whatever its wording

[metadata]
title = "Cases of a synthetic council"
caveats = ["Synthetic: this city, its people and its incidents do not exist."]
"""


def council_sheet(incidents: pd.DataFrame, wards: gpd.GeoDataFrame) -> pd.DataFrame:
    """The anti-social behaviour among incidents: local date and time, grid reference, address."""
    rows = incidents[incidents["category"] == ASB]
    local = rows["occurred_from"].dt.tz_convert(LONDON)
    rng = np.random.default_rng(len(rows))
    wording = rng.choice(list(_WORDING), len(rows), p=list(_WORDING.values()))
    return pd.DataFrame(
        {
            "Ref": [f"ASB/{number:06d}" for number in range(1, len(rows) + 1)],
            "Date reported": local.dt.strftime("%d/%m/%Y"),
            "Time": local.dt.strftime("%H:%M"),
            "Category": wording,
            "Easting": rows["x"].round().astype(int),
            "Northing": rows["y"].round().astype(int),
            "Address": rows["location"],
            "Ward": _ward_names(rows, wards),
        }
    )


def _ward_names(rows: pd.DataFrame, wards: gpd.GeoDataFrame) -> list[str]:
    """Name of each row's ward, empty outside the city."""
    tree = shapely.STRtree(wards.geometry.to_numpy())
    point, ward = tree.query(shapely.points(rows[["x", "y"]]), predicate="intersects")
    names = np.full(len(rows), "", dtype=object)
    names[point] = wards["area_name"].to_numpy(object)[ward]
    return list(names)
