"""Reads a form with files as it arrives (multipart/form-data, RFC 7578), nothing of it in memory.

Starlette's own reader keeps files in a temporary folder that others share, and counts no bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from geo.errors import InputError

_BROKEN: Final = "the form arrived incomplete; choose the file again"


@dataclass(frozen=True)
class PartHead:
    """The name of a field, and of its file; `file` is None for a field without one."""

    name: str
    file: str | None


def boundary_of(content_type: str) -> bytes:
    """The text between the parts of a form.

    Raises
    ------
    InputError
        If it is no form with files.
    """
    kind, parameters = parse_options_header(content_type)
    boundary = parameters.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise InputError("send the file as multipart/form-data, as the page's own form does")
    return boundary


async def read_parts(
    stream: AsyncIterator[bytes], boundary: bytes
) -> AsyncIterator[PartHead | bytes]:
    """Yield the head of each part, then its content piece by piece.

    Parameters
    ----------
    stream
        The body of the request.
    boundary
        As `boundary_of` returns it.

    Raises
    ------
    InputError
        If the form is damaged or ends too soon.
    """
    parts = _Parts()
    try:
        parser = parts.parser(boundary)
        async for piece in stream:
            parser.write(piece)
            for part in parts.take():
                yield part
    except FormParserError as error:
        raise InputError(_BROKEN) from error
    if not parts.complete:
        raise InputError(_BROKEN)


class _Parts:
    """Collects what a parser calls back with, until it is taken."""

    def __init__(self) -> None:
        self.complete = False
        self._parts: list[PartHead | bytes] = []
        self._field = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}

    def parser(self, boundary: bytes) -> MultipartParser:
        """A parser of a form; it bounds the number and size of headers."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": self._add_to_field,
                "on_header_value": self._add_to_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin,
                "on_part_data": lambda data, start, end: self._parts.append(data[start:end]),
                "on_end": self._end,
            },
        )

    def take(self) -> list[PartHead | bytes]:
        """What was read since the last time."""
        taken, self._parts = self._parts, []
        return taken

    def _add_to_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _begin(self) -> None:
        _, parameters = parse_options_header(self._headers.get(b"content-disposition"))
        name, file = parameters.get(b"name"), parameters.get(b"filename")
        if name is None:
            raise InputError(_BROKEN)
        self._parts.append(
            PartHead(
                name.decode("utf-8", "replace"),
                None if file is None else file.decode("utf-8", "replace").replace("%22", '"'),
            )
        )

    def _end(self) -> None:
        self.complete = True
