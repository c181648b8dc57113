"""Which figures the downloads give: residents, electors and deprivation, by layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from api.commands.start.downloads import Downloads
from api.commands.start.recognise import FigureFile
from api.imports.attributes import JoinOptions, joined_layer
from boundaries.layers.area_codes import WARDS
from geo.errors import InputError
from geo.store.contract import StoreReader

_COVERED: Final = 0.5
"""Least share of a layer's areas that a table must name to be about them."""


@dataclass(frozen=True)
class ChosenFigures:
    """A table for a layer, or for the board's wards by way of a finer layer."""

    file: FigureFile
    how: JoinOptions

    @property
    def layers(self) -> set[str]:
        """The layers that it needs."""
        return {self.how.layer, self.how.best_fit_from} - {""}

    def title(self) -> str:
        """What it adds to which layer."""
        kinds = " and ".join(self.how.sums or self.file.kinds)
        way = f", by best fit of {self.how.best_fit_from}" if self.how.best_fit_from else ""
        return f"add {kinds} to {self.how.layer}{way}, from {self.file.source.name}"

    def command(self) -> list[str]:
        """The words of the command that adds it by hand."""
        words = ["attributes", "add", str(self.file.source.by_hand), "--layer", self.how.layer]
        words += ["--key", self.how.key]
        for old, new in self.how.names.items():
            words += ["--rename", f"{old}={new}"]
        if self.how.best_fit_from:
            words += ["--best-fit-from", self.how.best_fit_from]
            for name in self.how.sums:
                words += ["--sum", name]
        return words


def choose_figures(
    downloads: Downloads, layers: Mapping[str, Sequence[str]], board: str
) -> list[ChosenFigures]:
    """Choose the layer of each table; those that fit none are noted as unused.

    Parameters
    ----------
    layers
        The codes of each layer, by id.
    board
        The id of the board's layer.
    """
    chosen: list[ChosenFigures] = []
    given: dict[tuple[str, str], str] = {}
    # Of several tables of the same figures, the one that sorts last: names end with years.
    for file in sorted(downloads.figures, key=lambda file: file.source.name, reverse=True):
        layer = _layer_of(file, layers)
        if not layer:
            downloads.unused[file.source.by_hand] = f"names no areas of a layer ({file.level})"
            continue
        earlier = next((given[layer, kind] for kind in file.kinds if (layer, kind) in given), "")
        if earlier:
            downloads.unused[file.source.by_hand] = f"{earlier} already gives this for {layer}"
            continue
        given |= {(layer, kind): file.source.name for kind in file.kinds}
        chosen += _joins(file, layer, board)
    return chosen[::-1]


def _joins(file: FigureFile, layer: str, board: str) -> Iterator[ChosenFigures]:
    # In the order in which they are done, from the last to the first.
    if file.level != WARDS and file.sums and board:
        how = JoinOptions(board, file.key, file.names, best_fit_from=layer, sums=file.sums)
        yield ChosenFigures(file, how)
    yield ChosenFigures(file, JoinOptions(layer, file.key, file.names))


def _layer_of(file: FigureFile, layers: Mapping[str, Sequence[str]]) -> str:
    """The layer of which a table names most areas; of equal ones, that of the table's year."""
    text = f"{file.key} {file.source.name}".lower()
    shares = []
    for layer, codes in layers.items():
        level, _, year = layer.rpartition("-")
        if (level or year) == file.level and codes:
            share = len(file.codes.intersection(codes)) / len(codes)
            of_year = bool(year) and (year in text or f"{level}{year[2:]}" in text)
            shares.append((share, of_year, layer))
    best = max(shares, default=(0.0, False, ""))
    return best[2] if best[0] >= _COVERED else ""


def state_of(store: StoreReader, figures: ChosenFigures) -> Literal["new", "stored", "other"]:
    """Whether the layer lacks the table's columns, has its figures, or has others in them."""
    try:
        joined = joined_layer(store, figures.file.source.path, figures.how).areas
    except InputError:  # the step itself says why
        return "new"
    stored = store.layer(figures.how.layer)[1]
    columns = joined.columns.difference([joined.geometry.name])
    if not set(columns) <= set(stored.columns):
        return "new"
    same = all(_are_equal(joined[name], stored[name]) for name in columns)
    return "stored" if same else "other"


def has_residents(areas: gpd.GeoDataFrame) -> bool:
    """Whether rates can be given."""
    return "residents" in areas and bool(areas["residents"].notna().any())


def _are_equal(left: pd.Series, right: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(left) and pd.api.types.is_numeric_dtype(right):
        return np.allclose(left.astype(float), right.astype(float), equal_nan=True)
    texts = (
        values.astype(object).where(values.notna(), "").astype(str) for values in (left, right)
    )
    first, second = texts
    return bool((first.to_numpy() == second.to_numpy()).all())
