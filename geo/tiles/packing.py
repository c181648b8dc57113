"""Numbers as the bytes of a protocol buffer, for all features of a tile at once.

Source: Protocol Buffers, Encoding (varints, zigzag, length-delimited fields).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_FEW_BYTES: Final = 64
"""Up to so many are read byte by byte: most features of a tile have few, and numpy would take
longer for its steps than for the bytes."""


def zigzag(numbers: Ints | np.int64) -> Ints:
    """Return integers without sign: 0, -1, 1 and -2 become 0, 1, 2 and 3."""
    return np.asarray((numbers << 1) ^ (numbers >> 63))


def varint_sizes(numbers: Ints) -> Ints:
    """Return how many bytes each number takes; numbers must be below 2**35."""
    sizes = np.ones(len(numbers), dtype=np.int64)
    for bits in (7, 14, 21, 28):
        sizes += numbers >= 1 << bits
    return sizes


def packed(numbers: Ints) -> bytes:
    """Return numbers as varints, one after another."""
    sizes = varint_sizes(numbers)
    first = np.cumsum(sizes) - sizes
    encoded = np.empty(int(sizes.sum()), dtype=np.uint8)
    for place in range(int(sizes.max(initial=0))):
        long = np.flatnonzero(sizes > place)
        more = np.where(sizes[long] > place + 1, 0x80, 0)
        encoded[first[long] + place] = (numbers[long] >> (7 * place) & 0x7F) | more
    return encoded.tobytes()


@lru_cache(maxsize=4096)
def varint(number: int) -> bytes:
    """Return one number as a varint."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field.

    Parameters
    ----------
    number
        Of the field, below 16.
    content
        Its bytes.

    Returns
    -------
    The bytes of the field.
    """
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def unpacked(content: bytes) -> Ints:
    """Return the varints that follow one another in some bytes.

    Raises
    ------
    ValueError
        If the last one is cut off, or one is longer than 9 bytes.
    """
    if len(content) <= _FEW_BYTES:
        return np.array(_unpacked_few(content), dtype=np.int64)
    encoded = np.frombuffer(content, dtype=np.uint8)
    ends = np.flatnonzero(encoded < 0x80)
    if not len(encoded):
        return np.empty(0, dtype=np.int64)
    if not len(ends) or ends[-1] != len(encoded) - 1:
        raise ValueError("the last number is cut off")
    starts = np.append(0, ends[:-1] + 1)
    sizes = ends - starts + 1
    if sizes.max() > 9:
        raise ValueError("a number is longer than 9 bytes")
    numbers = np.zeros(len(ends), dtype=np.int64)
    for place in range(int(sizes.max())):
        long = np.flatnonzero(sizes > place)
        numbers[long] |= (encoded[starts[long] + place] & np.int64(0x7F)) << (7 * place)
    return numbers


def _unpacked_few(content: bytes) -> list[int]:
    numbers: list[int] = []
    number = place = 0
    for byte in content:
        if place > 56:
            raise ValueError("a number is longer than 9 bytes")
        number |= (byte & 0x7F) << place
        place += 7
        if byte < 0x80:
            numbers.append(number)
            number = place = 0
    if place:
        raise ValueError("the last number is cut off")
    return numbers


def unzigzag(numbers: Ints) -> Ints:
    """Return what `zigzag` encoded."""
    return np.asarray((numbers >> 1) ^ -(numbers & 1))
