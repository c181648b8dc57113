"""The pieces of all releases: what was ever published, as sums of one protected table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geo.disclosure.pieces import Pieces


@dataclass(frozen=True)
class Ledger:
    """The pieces after a release, and the tables that they are pieces of.

    Attributes
    ----------
    tables
        Release and layer of each table, in the order of the columns of the pieces' cells.
    pieces
        Their protected values.
    """

    tables: tuple[tuple[str, str], ...] = ()
    pieces: Pieces = field(default_factory=Pieces.none)

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Ledger:
        """The ledger that `as_dict` wrote."""
        tables = tuple((release, layer) for release, layer in record["tables"])
        cells = np.array(record["cells"], np.int64).reshape(-1, len(tables))
        keys = np.array([int(key, 16) for key in record["keys"]], np.uint64)
        return cls(tables, Pieces(cells, np.array(record["values"], np.int64), keys))

    def as_dict(self) -> dict[str, Any]:
        """The ledger as JSON; keys as text, because JSON has no whole numbers of 64 bits."""
        return {
            "tables": [list(names) for names in self.tables],
            "cells": self.pieces.cells.ravel().tolist(),
            "values": self.pieces.values.tolist(),
            "keys": [f"{int(key):016x}" for key in self.pieces.keys],
        }
