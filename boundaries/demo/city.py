"""The demo city as a whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike

from boundaries.demo.council.cases import make_cases
from boundaries.demo.council.catalogue import DEMO_MEASURES, planted_measures
from boundaries.demo.council.ledger import make_entries
from boundaries.demo.council.values import make_values
from boundaries.demo.events.incidents import SOURCE, make_incidents
from boundaries.demo.events.planted import calm_around, choose_spots, planted_events, planted_frame
from boundaries.demo.events.risk import assess
from boundaries.demo.town.addresses import Addresses, number_houses
from boundaries.demo.town.basemap import Ground, basemap_layers
from boundaries.demo.town.blocks import group_cells, make_blocks
from boundaries.demo.town.fabric import Fabric, weave
from boundaries.demo.town.land import Land, use_land
from boundaries.demo.town.lines import Ints, draw_lines
from boundaries.demo.town.names import CITY, RIVER
from boundaries.demo.town.streets import Streets, edge_kinds, name_streets
from boundaries.demo.town.wards import (
    block_neighbours,
    group_blocks,
    group_neighbourhoods,
    make_estates,
    make_wards,
    name_areas,
)
from geo.crs import BRITISH_NATIONAL_GRID
from geo.incidents import REJECT_COLUMNS, Batch, Partition, london_months
from geo.measures.model import Measure

LABEL: Final = "Doggerham (synthetic demo city)"

_STAGES: Final = (
    "lines",
    "fabric",
    "land",
    "roads",
    "streets",
    "cells",
    "people",
    "wards",
    "neighbourhoods",
    "estates",
    "houses",
    "risks",
    "planted",
    "incidents",
    "surroundings",
    "measures",
    "entries",
    "cases",
)
Chance = dict[str, np.random.Generator]


@dataclass(frozen=True)
class DemoCity:
    """A synthetic city in the North Sea, in metres of the British National Grid.

    Attributes
    ----------
    name, label
        Its name, and the name with a note that it is synthetic.
    seed
        Seed of the random choices; the same seed gives the same city.
    blocks, wards, estates
        Areas indexed by `area_code`. Blocks tile the city exactly; wards and estates are
        made of whole blocks. `imd_score` is worse when higher, `imd_decile` is 1 for the
        most deprived tenth of the city's blocks.
    streets
        Named streets: `street_name`, `kind` (main, ring, residential), LineStrings.
    segments
        Pieces of streets between junctions: `street_name`, `kind`, `addresses` (a count).
    water
        The river, which lies within the blocks on its banks.
    basemap
        What a map of the city shows, by layer, named as in OS Open Zoomstack.
    incidents
        An incident frame, sorted by `occurred_from`.
    planted
        The planted hotspots: `kind` (emerging, fading, cleared), `name`, `x`, `y`,
        `radius_m`, and the London dates `from` and `to` between which they are active.
    measures, values
        What is measured of its areas, and the values as a frame of values.
    planted_measures
        The planted differences: `measure_id`, `layer_id`, `area_name`, `half` (since which
        half-year, 0 is April to September 2022) and `odds`, by which they differ from the rest.
    entries
        Money of its wards and hours of their officers, as a frame of entries.
    cases
        A year of its council's records, as `boundaries.demo.council.cases` makes them.
    """

    name: str
    label: str
    seed: int
    blocks: gpd.GeoDataFrame
    wards: gpd.GeoDataFrame
    estates: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    segments: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    basemap: dict[str, gpd.GeoDataFrame]
    incidents: pd.DataFrame
    planted: pd.DataFrame
    measures: tuple[Measure, ...]
    values: pd.DataFrame
    planted_measures: pd.DataFrame
    entries: pd.DataFrame
    cases: pd.DataFrame

    def partitions(self) -> list[Partition]:
        """The incidents as one partition for each London month, the earliest first."""
        months = london_months(self.incidents["occurred_from"])
        return [
            self._partition(str(month), self.incidents[months == month])
            for month in np.unique(months)
        ]

    def _partition(self, month: str, rows: pd.DataFrame) -> Partition:
        # There is no file to hash, so the rows are.
        digest = pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes()
        batch = Batch(rows.reset_index(drop=True), pd.DataFrame(columns=list(REJECT_COLUMNS)))
        return Partition(
            source=SOURCE,
            name=self.name.lower(),
            month=month,
            file=f"{month}-{self.name.lower()}-{SOURCE}",
            sha256=hashlib.sha256(digest).hexdigest(),
            fields=(),
            batches=lambda: iter([batch]),
        )


def build_city(seed: int = 2026) -> DemoCity:
    """Generate the demo city with its people, streets and four years of incidents."""
    # A generator for each stage, so that a change to one stage leaves the others as they are.
    rngs = np.random.default_rng(seed).spawn(len(_STAGES))
    chance = dict(zip(_STAGES, rngs, strict=True))
    lines = draw_lines(chance["lines"])
    fabric = weave(lines, chance["fabric"])
    land = use_land(fabric, lines, rng=chance["land"])
    kind = edge_kinds(fabric, land, lines=lines, rng=chance["roads"])
    streets = name_streets(fabric, kind, rng=chance["streets"])
    addresses = number_houses(fabric, land, streets=streets, rng=chance["houses"])
    blocks, wards, estates = _areas(fabric, land, kind=kind, chance=chance)
    incidents, planted = _events(
        addresses, land, streets=streets, outline=_union(blocks.geometry), chance=chance
    )
    cases = make_cases(incidents, wards, rng=chance["cases"])
    return DemoCity(
        name=CITY,
        label=LABEL,
        seed=seed,
        blocks=blocks,
        wards=wards,
        estates=estates,
        streets=streets.named,
        segments=_segments(fabric, streets, addresses=addresses),
        water=gpd.GeoDataFrame(
            {"name": [RIVER]},
            geometry=[_union(fabric.cells[fabric.water])],
            crs=BRITISH_NATIONAL_GRID,
        ),
        basemap=basemap_layers(
            Ground(lines, fabric, land), streets.named, rng=chance["surroundings"]
        ),
        incidents=incidents,
        planted=planted,
        measures=DEMO_MEASURES,
        values=make_values(blocks, wards, estates, cases, rng=chance["measures"]),
        planted_measures=planted_measures(),
        entries=make_entries(wards, estates, rng=chance["entries"]),
        cases=cases,
    )


def _areas(
    fabric: Fabric, land: Land, *, kind: Ints, chance: Chance
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Blocks, wards and estates."""
    block = group_cells(fabric, land, kind=kind, rng=chance["cells"])
    raw = make_blocks(fabric, land, block=block, rng=chance["people"])
    neighbours = block_neighbours(fabric, block, kind=kind)
    estates = make_estates(raw, land.poorest, pairs=neighbours[0], rng=chance["estates"])
    ward, raw_members = group_blocks(raw, neighbours=neighbours, rng=chance["wards"])
    raw["lsoa"] = group_neighbourhoods(
        raw, ward, neighbours=neighbours, rng=chance["neighbourhoods"]
    )
    blocks, members = name_areas(raw, ward, members=raw_members)
    return blocks, make_wards(blocks, members), estates


def _events(
    addresses: Addresses, land: Land, *, streets: Streets, outline: shapely.Geometry, chance: Chance
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The incidents, and the frame of the hotspots that were planted among them."""
    spots = choose_spots(addresses, land.poorest)
    calm = calm_around(addresses, spots)
    incidents = make_incidents(
        addresses,
        assess(addresses, land, streets=streets, calm=calm, rng=chance["risks"]),
        streets=streets,
        planted=planted_events(addresses, spots, rng=chance["planted"]),
        outline=outline,
        rng=chance["incidents"],
    )
    return incidents, planted_frame(addresses, streets, spots=spots)


def _union(polygons: ArrayLike) -> shapely.Geometry:
    return shapely.coverage_union_all(np.asarray(polygons))


def _segments(fabric: Fabric, streets: Streets, *, addresses: Addresses) -> gpd.GeoDataFrame:
    rows = streets.segments
    named = streets.named.iloc[rows["street"]]
    lines = shapely.linestrings(fabric.nodes[fabric.edges[rows["edge"]]])
    return gpd.GeoDataFrame(
        {
            "street_name": named["street_name"].to_numpy(),
            "kind": named["kind"].to_numpy(),
            "addresses": np.bincount(addresses.segment, minlength=len(rows)),
        },
        geometry=lines,
        crs=BRITISH_NATIONAL_GRID,
    )
