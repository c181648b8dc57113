"""Refusals as ArcGIS Server words them: a member `error`, with HTTP status 200."""

from __future__ import annotations

from fastapi import HTTPException, Response

from api.calls import BusyError
from api.errors import RETRY_SECONDS, status_of
from api.formats.encoding import to_json
from api.formats.registry import JSON
from geo.errors import PatchmapError

REFUSALS = (PatchmapError, HTTPException, BusyError)
"""What is answered as an error of ArcGIS."""


def esri_refusal(error: Exception) -> Response:
    """Return an error as ArcGIS Server does.

    What is wrong with a request has HTTP status 200: programs of ArcGIS read `error.code`, and
    show their own message for any other status. What will pass keeps its 503, so that programs
    try again.
    """
    code = _code(error)
    text = str(error.detail) if isinstance(error, HTTPException) else str(error)
    body = {"error": {"code": code, "message": text, "details": []}}
    response = Response(
        to_json(body), status_code=code if code >= 500 else 200, media_type=JSON.media_type
    )
    response.headers["cache-control"] = "no-store"
    if code == 503:
        seconds = error.seconds if isinstance(error, BusyError) else RETRY_SECONDS
        response.headers["retry-after"] = str(seconds)
    return response


def _code(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    return status_of(error) if isinstance(error, PatchmapError) else 503
