"""What to look at in a file, and for which store its commands are written."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from geo.crs import Projection
from geo.errors import InputError
from geo.incidents import category_slug
from geo.store.layer_ids import check_layer_id

LAYER = "LAYER"
"""Stands in a command for the id of a layer that only its reader knows."""


@dataclass(frozen=True)
class Options:
    """How a file is looked at.

    Attributes
    ----------
    layer
        Which layer of a file with several; '' for the one with the most features.
    mapping
        The mapping file for a table or a file of points; None to look for one beside it.
    store
        The store that commands name; '' where they need not name one.
    extracted
        Of which day a file of records with lives is an extract; None for what it states, or today.
    """

    layer: str = ""
    mapping: Path | None = None
    store: str = ""
    projection: Projection = field(default_factory=Projection.choose)
    extracted: date | None = None

    def command(self, *words: str | Path) -> str:
        """A command line that can be pasted into a shell."""
        store = ["--store", self.store] if self.store else []
        return shlex.join(["patchmap", *store, *map(str, words)])


def layer_id_for(name: str, level: str, year: str) -> str:
    """An id for a layer: by its level and year, else by the name of its file or layer."""
    if level:
        year = year or "".join(re.findall(r"(?<!\d)20\d\d(?!\d)", name)[:1])
        return f"{level}-{year}" if year else level
    own = category_slug(name)[:60].strip("-")
    try:
        check_layer_id(own)
    except InputError:
        return f"areas-{own}".strip("-")[:60]
    return own
