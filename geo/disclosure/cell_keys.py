"""Cell keys: the same set of records has the same key, so that it is rounded the same every time.

A record's key is a keyed hash of its id; a cell's key is the sum of its records' keys. Who lacks
the secret can neither guess how a cell is rounded nor tell from a key which records it is of.

Source: Fraser & Wooton 2005, "A proposed method for confidentialising tabular output to protect
against differencing", Australian Bureau of Statistics; also in England and Wales' census of 2021.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256

import numpy as np
from numpy.typing import ArrayLike, NDArray

Keys = NDArray[np.uint64]


def record_keys(ids: Iterable[str], secret: bytes) -> Keys:
    """Return the key of each record.

    Parameters
    ----------
    ids
        n ids.
    secret
        Known to nobody who reads what is published.

    Returns
    -------
    n keys, evenly spread over 64 bits.
    """
    return np.array([_keyed(name.encode(), secret) for name in ids], np.uint64)


def cell_keys(keys: Keys, cells: ArrayLike, *, size: int) -> Keys:
    """Return the key of each cell: the sum of its records' keys, modulo 2⁶⁴.

    Parameters
    ----------
    keys
        Of n records.
    cells
        The cell of each record, from 0.
    size
        How many cells there are.

    Returns
    -------
    A key for each cell; 0 for those without records.
    """
    sums = np.zeros(size, np.uint64)
    np.add.at(sums, np.asarray(cells, np.int64), keys)
    return sums


def seed_of(keys: Keys, secret: bytes) -> int:
    """Return the seed of one rounding: the same cells are rounded the same.

    Parameters
    ----------
    keys
        Of the cells, in their order.
    secret
        As for `record_keys`.

    Returns
    -------
    A whole number of 64 bits.
    """
    return _keyed(keys.tobytes(), secret)


def _keyed(content: bytes, secret: bytes) -> int:
    return int.from_bytes(hmac.new(secret, content, sha256).digest()[:8], "big")
