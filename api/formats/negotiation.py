"""Which of several formats a request asks for: by the parameter `f`, else by the header Accept."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request

from api.formats.registry import JSON, Format
from geo.errors import QuestionError


def requested_format(request: Request, formats: Sequence[Format]) -> Format:
    """Return the format that a request asks for; the first one where it does not say.

    Raises
    ------
    QuestionError
        If `f` names none of them.
    """
    name = request.query_params.get("f")
    if name is None:
        return _accepted(request.headers.get("accept", ""), formats)
    for form in formats:
        if form.name == name:
            return form
    choices = ", ".join(form.name for form in formats)
    raise QuestionError("f", f"unknown format {name!r}; choose one of: {choices}")


def _accepted(accept: str, formats: Sequence[Format]) -> Format:
    """Return the format that the header prefers, else the first: 406 helps no GIS client."""
    ranges = sorted(map(_media_range, accept.split(",")), key=lambda item: -item[0])
    for _, media_type in ranges:
        if media_type in ("*/*", "application/*", JSON.media_type):
            return formats[0]
        for form in formats:
            if form.media_type.partition(";")[0] == media_type:
                return form
    return formats[0]


def _media_range(part: str) -> tuple[float, str]:
    """Read one range of an Accept header: its quality and its media type."""
    media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
    try:
        return float(quality), media_type
    except ValueError:
        return 0.0, media_type
