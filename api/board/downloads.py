"""Whole answers as files: a layer as GeoJSON, GeoPackage or CSV, a table as JSON and the others."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.answers import Answers
from api.dependencies import AnswersDep
from api.encoding import feature_collection, to_csv, to_table, write_frame
from api.ogc.collection_links import GEOJSON
from api.ogc.collections import items_of, members_of
from api.ogc.coordinates import offered
from api.ogc.files import Download, Wanted, file_response
from api.ogc.formats import GEOPACKAGE
from api.query import only
from geo.analyses import ANALYSES, Analysis
from geo.errors import NotFoundError
from geo.question.ask import Question
from geo.question.model import OPTIONS

router = APIRouter()
DOWNLOADS: Final = {analysis.collection or analysis.command: analysis for analysis in ANALYSES}
"""What can be downloaded, by the name of its collection or else its command."""

ENDINGS: Final = {"geojson": "GeoJSON", "json": "JSON", "gpkg": "GeoPackage", "csv": "CSV"}
OPTION_NAMES: Final = (*(option.name for option in OPTIONS), "from", "to")


def endings_of(analysis: Analysis) -> tuple[str, ...]:
    """The formats of an analysis, the richest first."""
    return ("geojson" if analysis.collection else "json", "gpkg", "csv")


@router.get("/download/{name}.{ending}")
def download(request: Request, answers: AnswersDep, name: str, ending: str) -> Response:
    """A whole answer as a file of the format that its ending names."""
    analysis = DOWNLOADS.get(name)
    if analysis is None or ending not in endings_of(analysis):
        raise NotFoundError(f"there is no download {name}.{ending}")
    query = only(request, OPTION_NAMES)
    if ending == "gpkg":
        return _geopackage(answers, analysis, name, query)
    if ending == "geojson":
        items = items_of(answers, name, query)
        content, media_type = feature_collection(items.encoded, items.members), GEOJSON
    else:
        answer, found = answers.result(analysis, Question.read(query))
        content, media_type = to_csv(found.frame).encode(), "text/csv; charset=utf-8"
        if ending == "json":
            content = to_table(found.frame, members_of(answer, found))
            media_type = "application/json"
    disposition = f'attachment; filename="{name}.{ending}"'
    return Response(content, media_type=media_type, headers={"content-disposition": disposition})


def _geopackage(answers: Answers, analysis: Analysis, name: str, query: dict[str, str]) -> Response:
    """A GeoPackage in metres of the working CRS; a layer brings its QGIS style."""
    if analysis.collection:
        items = items_of(answers, name, query)
        metres = next(axes for axes in offered(items.projection).values() if not axes.in_degrees)
        wanted = Wanted(items, np.arange(len(items)), metres)
        return file_response(Download.of(wanted), GEOPACKAGE, name)
    answer, found = answers.result(analysis, Question.read(query))
    folder = tempfile.TemporaryDirectory(prefix="patchmap-")
    path = Path(folder.name) / f"{name}.gpkg"
    projection = answers.snapshot().projection
    write_frame(found.frame, path, projection=projection, members=members_of(answer, found))
    return FileResponse(
        path,
        media_type=GEOPACKAGE.media_type,
        headers={"content-disposition": f'attachment; filename="{name}.gpkg"'},
        background=BackgroundTask(folder.cleanup),
    )
