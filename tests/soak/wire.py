"""Requests as plain as can be, so that who asks takes little of the processor from who answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

CUT: Final = 0
"""The status of a request that got no answer, or not all of one."""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


_NOTHING = Reply(CUT, {}, b"")


async def exchange(
    port: int,
    path: str,
    *,
    agent: str = "soak",
    body: bytes | None = None,
    seconds: float = 90.0,
) -> Reply:
    """A GET, or a POST of JSON, on a connection of its own."""
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(_request(path, agent, body))
                return _read(await reader.read(-1))
            finally:
                writer.close()
    except (TimeoutError, OSError):
        return _NOTHING


async def leave(port: int, path: str, *, agent: str = "leaver", after: float = 0.3) -> None:
    """Ask, and close the connection before the answer is there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    writer.write(_request(path, agent, None))
    await asyncio.sleep(after)
    writer.close()


def _request(path: str, agent: str, body: bytes | None) -> bytes:
    lines = [
        f"{'GET' if body is None else 'POST'} {path} HTTP/1.1",
        "host: 127.0.0.1",
        f"user-agent: {agent}",
        "connection: close",
    ]
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def _read(data: bytes) -> Reply:
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    if not rest and not fields:
        return _NOTHING
    headers = {
        name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)
    }
    if headers.get("transfer-encoding") == "chunked":
        whole, rest = _unchunked(rest)
    else:
        whole = len(rest) >= int(headers.get("content-length", "0"))
    return Reply(int(first.split()[1]), headers, rest) if whole else _NOTHING


def _unchunked(data: bytes) -> tuple[bool, bytes]:
    """Whether the last chunk came, and all chunks in one."""
    parts = []
    while True:
        size, mark, data = data.partition(b"\r\n")
        if not mark:
            return False, b""
        length = int(size, 16)
        if length == 0:
            return True, b"".join(parts)
        parts.append(data[:length])
        data = data[length + 2 :]
