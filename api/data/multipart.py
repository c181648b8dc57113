"""Reads a form with files as it arrives: multipart/form-data (RFC 7578), nothing of it in memory.

The libraries for it hold a file in memory or in files of their own, in a folder that others share.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import Final

from geo.errors import InputError

_LARGEST_HEAD: Final = 8_192  # bytes
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
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise InputError("send the file as multipart/form-data, as the page's own form does")
    return boundary.encode("latin-1", errors="replace")


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
    delimiter = b"\r\n--" + boundary
    # The first delimiter may stand at the very beginning, without a line before it.
    buffer = _Buffer(stream, b"\r\n")
    async for _ in buffer.until(delimiter):
        pass  # what stands before the first part is no part
    while await buffer.take(2) != b"--":
        head = b""
        async for piece in buffer.until(b"\r\n\r\n"):
            head += piece
            if len(head) > _LARGEST_HEAD:
                raise InputError(_BROKEN)
        yield _head(head)
        async for piece in buffer.until(delimiter):
            yield piece


class _Buffer:
    """The bytes of a stream that are not used yet."""

    def __init__(self, stream: AsyncIterator[bytes], start: bytes) -> None:
        self._stream = stream
        self._bytes = bytearray(start)

    async def until(self, mark: bytes) -> AsyncIterator[bytes]:
        """Yield what stands before a mark, and pass over the mark."""
        while (at := self._bytes.find(mark)) < 0:
            # The last bytes may be the beginning of the mark.
            ready = max(len(self._bytes) - len(mark) + 1, 0)
            if ready:
                yield bytes(self._bytes[:ready])
                del self._bytes[:ready]
            await self._more()
        if at:
            yield bytes(self._bytes[:at])
        del self._bytes[: at + len(mark)]

    async def take(self, size: int) -> bytes:
        """The next bytes; they stay where they are not the end of a line."""
        while len(self._bytes) < size:
            await self._more()
        taken = bytes(self._bytes[:size])
        del self._bytes[:size]
        return taken

    async def _more(self) -> None:
        piece = await anext(self._stream, None)
        if piece is None:
            raise InputError(_BROKEN)
        self._bytes += piece


def _head(head: bytes) -> PartHead:
    message = HeaderParser().parsestr(head.decode("utf-8", errors="replace").strip())
    name = message.get_param("name", header="content-disposition")
    file = message.get_param("filename", header="content-disposition")
    if not isinstance(name, str):
        raise InputError(_BROKEN)
    return PartHead(name, file.replace("%22", '"') if isinstance(file, str) else None)
