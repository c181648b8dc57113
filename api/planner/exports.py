"""Writes a plan to a file: areas as a layer, blocks or electorates as a table, or a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from api.formats.registry import (
    CSV,
    GEOJSON,
    GEOPACKAGE,
    HTML,
    PLAN_FILES,
    SHAPEFILE,
    XLSX,
    Format,
    format_of_file,
    write_frame,
    write_geopackage,
)
from api.planner.proforma import write_proforma
from api.planner.report import plan_report
from api.planner.shapefiles import write_plan_shapefiles
from boundaries.plans.comparison import posts_and_money
from boundaries.plans.draft import Draft
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.units import Units
from geo.crs import Projection
from geo.formats.csv_text import to_csv
from geo.output import write_file, write_text
from geo.question.model import Question
from geo.store.contract import LayerMetadata

DOWNLOADS: Final[Mapping[Format, str]] = {
    HTML: "Report for consultation",
    GEOJSON: "Areas as GeoJSON",
    GEOPACKAGE: "Areas and blocks as GeoPackage",
    SHAPEFILE: "Areas and blocks as Shapefile",
    CSV: "Block → area as CSV",
    XLSX: "Electorates as XLSX",
}
"""What the planner's page offers, with the title of each link."""

WITH_PARISHES: Final = (HTML, XLSX)
"""Files that list the parish wards which a plan implies."""


@dataclass(frozen=True, eq=False)
class PlanFile:
    """A plan with all that its files show.

    Attributes
    ----------
    question
        Which incidents the draft counts; with `posts` or `money` these are shared out too.
    metadata
        The metadata of the store's layers, by id: the report credits those that it rests on.
    cuts
        The overlaps of the blocks with other layers, by layer, for the report.
    comments
        The comments on the plan, as `comments_frame` has them; None where none were read.
    names_shown
        Whether the report has the comments themselves, for the council; else only their numbers.
    parishes
        The parishes of a layer on the blocks, for the report and the electorates; None for those
        that the blocks name themselves.
    """

    draft: Draft
    question: Question
    projection: Projection
    metadata: Mapping[str, LayerMetadata]
    cuts: Mapping[str, Overlaps]
    comments: pd.DataFrame | None = None
    names_shown: bool = False
    parishes: Units | None = None

    def write(self, path: Path) -> str:
        """Write the file that the ending of the path names, whole or not at all.

        Returns
        -------
        What was written, for people: '12 areas'.

        Raises
        ------
        InputError
            If a plan has no file of that ending.
        """
        form = format_of_file(path, PLAN_FILES)
        if form is HTML:
            return self._write_report(path)
        if form is XLSX:
            return write_proforma(self.draft, path, parishes=self.parishes)
        if form is CSV:
            table = self.draft.plan.assignment.reset_index()
            write_text(path, to_csv(table))
            return f"{len(table):,} blocks"
        layer, members = self._areas(), _members(self.draft)
        if form is GEOPACKAGE:
            write_file(path, lambda part: _write_layers(self.draft, layer, members, part))
        elif form is SHAPEFILE:
            blocks = _blocks_layer(self.draft)
            write_file(path, lambda part: write_plan_shapefiles(layer, blocks, part))
        else:
            write_frame(layer, path, projection=self.projection, members=members)
        return f"{len(layer):,} areas"

    @property
    def shared(self) -> pd.DataFrame | None:
        """Posts and pounds by area; None where the Question has neither."""
        wanted = self.question.posts.shares_anything
        return posts_and_money(self.draft.measures, self.question) if wanted else None

    def _write_report(self, path: Path) -> str:
        page = plan_report(
            self.draft,
            question=self.question,
            metadata=self.metadata,
            shared=self.shared,
            cuts=self.cuts,
            comments=self.comments,
            names_shown=self.names_shown,
            parishes=self.parishes,
        )
        write_text(path, page)
        return f"a report of {len(page.encode()) / 1e3:,.0f} kB"

    def _areas(self) -> gpd.GeoDataFrame:
        layer, shared = self.draft.measures.layer, self.shared
        areas = self.draft.plan.now.areas
        layer.insert(2, "why", [areas[code].why for code in layer.index])
        if shared is not None:
            layer = layer.join(shared.drop(columns="need"))
        return layer.reset_index()


def _members(draft: Draft) -> dict[str, object]:
    accounts = draft.figures.accounts
    metadata = draft.plan.metadata
    plan = {
        "plan_id": metadata.plan_id, "title": metadata.title, "version": metadata.version,
        "blocks_layer": metadata.blocks_layer, "base_layer": metadata.base_layer,
    }  # fmt: skip
    return {"plan": plan, "accounts": accounts.as_dict() if accounts else None}


def _write_layers(
    draft: Draft, areas: gpd.GeoDataFrame, members: dict[str, object], path: Path
) -> None:
    """Write a GeoPackage of two layers: the areas, and the blocks with the area of each."""
    write_geopackage(areas, path, layer="areas", members=members)
    write_geopackage(_blocks_layer(draft), path, layer="blocks", append=True)


def _blocks_layer(draft: Draft) -> gpd.GeoDataFrame:
    table = draft.plan.assignment.reset_index()
    return gpd.GeoDataFrame(table, geometry=draft.blocks.geometry, crs=draft.blocks.crs)
