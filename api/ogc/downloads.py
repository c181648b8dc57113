"""Whole answers as files, at the addresses that the board links: layers and tables."""

from __future__ import annotations

from typing import Final

import numpy as np
from fastapi import APIRouter, Request, Response

from api.answers import Answers
from api.dependencies import AnswersDep
from api.formats.encoding import feature_collection, to_table
from api.formats.registry import CSV, GEOJSON, GEOPACKAGE, download_formats, write_frame
from api.identity.declared import requires
from api.identity.roles import Capability
from api.ogc.collections.answers import AnswerCollection, members_of
from api.ogc.coordinates import offered
from api.ogc.files import Download, file_response, written_file
from api.ogc.selection import FeatureSelection
from api.query import QUESTION_PARAMETERS, only
from geo.analyses import ANALYSES, Analysis
from geo.errors import NotFoundError
from geo.formats.csv_text import to_csv
from geo.question.ask import Question

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])

_ANALYSES: Final = {analysis.collection or analysis.command: analysis for analysis in ANALYSES}


@router.get("/download/{name}.{ending}")
def download(request: Request, answers: AnswersDep, name: str, ending: str) -> Response:
    """Return a whole answer as a file of the format that its ending names.

    Parameters
    ----------
    name
        The answer's collection, or the command of an answer that is a table.
    """
    analysis = _ANALYSES.get(name)
    formats = download_formats(layer=bool(analysis and analysis.collection))
    form = next((form for form in formats if form.ending == f".{ending}"), None)
    if analysis is None or form is None:
        raise NotFoundError(f"there is no download {name}.{ending}")
    query = only(request, QUESTION_PARAMETERS)
    if form is GEOPACKAGE:
        return _geopackage(answers, analysis, name, query)
    if form is GEOJSON:
        items = AnswerCollection(analysis, answers).items(query)
        content = feature_collection(items.encoded, items.members)
    else:
        answer, result = answers.result(analysis, Question.read(query))
        content = (
            to_csv(result.frame).encode()
            if form is CSV
            else to_table(result.frame, members_of(answer, result))
        )
    return Response(content, media_type=form.content_type, headers=form.attachment(name))


def _geopackage(answers: Answers, analysis: Analysis, name: str, query: dict[str, str]) -> Response:
    """Return a GeoPackage in metres of the working CRS; a layer carries its QGIS style."""
    if analysis.collection:
        items = AnswerCollection(analysis, answers).items(query)
        metres = next(axes for axes in offered(items.projection).values() if not axes.in_degrees)
        selection = FeatureSelection(items, np.arange(len(items)), metres)
        return file_response(Download.of(selection), GEOPACKAGE, name, turns=answers.turns)
    answer, result = answers.result(analysis, Question.read(query))
    projection, members = answers.snapshot().projection, members_of(answer, result)
    return written_file(
        GEOPACKAGE,
        name,
        lambda path: write_frame(result.frame, path, projection=projection, members=members),
        turns=answers.turns,
    )
