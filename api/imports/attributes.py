"""Imports figures of areas: the columns of a table, joined to a layer by area code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd

from api.settings import user_name
from api.text_tables import listed
from boundaries.layers.attributes import join_attributes
from boundaries.layers.read import NOTE_LENGTH
from geo.areal.areal_interpolation import Carried, carry
from geo.sources.sheets import read_table_file
from geo.store.contract import LayerMetadata, Store, StoreReader


@dataclass(frozen=True)
class JoinOptions:
    """How a table is joined to a layer: as the options of `attributes add` say."""

    layer: str
    key: str
    names: Mapping[str, str] = field(default_factory=dict)
    best_fit_from: str = ""
    sums: Sequence[str] = ()
    means: Mapping[str, str] = field(default_factory=dict)
    by_surface: bool = False


@dataclass(frozen=True)
class Joined:
    """A layer with the columns of a table, and the codes that only one of the two has.

    Attributes
    ----------
    own
        The layer whose codes the table has.
    own_areas
        How many areas that layer has.
    """

    metadata: LayerMetadata
    areas: gpd.GeoDataFrame
    added: list[str]
    unknown: list[str]
    missing: list[str]
    carried: Carried | None
    own: str
    own_areas: int

    @property
    def lines(self) -> list[str]:
        """What was added to how many areas, and which codes matched nothing."""
        matched = self.own_areas - len(self.missing)
        lines = [f"{self.own}: {', '.join(self.added)} for {matched} of {self.own_areas} areas"]
        carried = self.carried
        if carried:
            lines.append(f"{self.metadata.layer_id}: {carried.note}")
        if carried and carried.straddling:
            lines.append(
                f"{carried.straddling:,} areas of {self.own} straddle those of "
                f"{self.metadata.layer_id}"
            )
        if self.unknown:
            of = self.own if carried else "this layer"
            lines.append(f"{len(self.unknown)} rows match no area of {of}: {listed(self.unknown)}")
        if self.missing:
            lines.append(f"{len(self.missing)} areas have no row: {listed(self.missing)}")
        return lines

    @property
    def facts(self) -> dict[str, object]:
        """The same as JSON members."""
        facts = {
            "layer": self.metadata.layer_id,
            "added": self.added,
            "unknown": self.unknown,
            "missing": self.missing,
        }
        carried = self.carried
        fit = {"note": carried.note, "straddling": carried.straddling} if carried else {}
        return facts | fit


def joined_layer(
    store: StoreReader,
    file: Path,
    how: JoinOptions,
    *,
    notify: Callable[[str], None] = lambda _line: None,
) -> Joined:
    """Join a table to a layer of the store; nothing is stored.

    Parameters
    ----------
    store
        Has the layers that `how` names.
    file, how
        The table, and how it is joined.
    notify
        Called with each line that a reader should know of the table.

    Raises
    ------
    InputError
        If the table and the layer do not fit.
    """
    table = read_table_file(file)
    for notice in table.notices:
        notify(notice)
    table.require(*how.names)
    own = how.best_fit_from or how.layer
    metadata, areas = store.layer(own)
    joined, unknown, missing = join_attributes(areas, table, key=how.key, names=how.names)
    carried = None
    if how.best_fit_from:
        metadata, coarse = store.layer(how.layer)
        carried = carry(joined, coarse, sums=how.sums, means=how.means, by_surface=how.by_surface)
        metadata, joined = _with_carried(metadata, coarse, carried, how.best_fit_from)
    added = [how.names.get(name, name) for name in table.header if name != how.key]
    return Joined(metadata, joined, added, unknown, missing, carried, own, len(areas))


def add_attributes(
    store: Store,
    file: Path,
    how: JoinOptions,
    *,
    notify: Callable[[str], None] = lambda _line: None,
    by: str = "",
) -> Joined:
    """Join a table to a layer of the store, and store the layer.

    Parameters
    ----------
    store, file, how, notify
        As `joined_layer` takes them.
    by
        Who does it, for the records of changes; by default the user who runs this process.

    Raises
    ------
    InputError
        If the table and the layer do not fit.
    """
    with store.transaction():
        joined = joined_layer(store, file, how, notify=notify)
        store.put_layer(
            joined.metadata,
            joined.areas,
            by=by or user_name(),
            what=f"{', '.join(joined.added)} from {file.name}"[:NOTE_LENGTH],
        )
    return joined


def _with_carried(
    metadata: LayerMetadata, areas: gpd.GeoDataFrame, carried: Carried, source: str
) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """A layer with figures carried from another; its metadata say how."""
    note = "; ".join(filter(None, [metadata.note, f"{carried.note} (from {source})"]))
    columns = {str(name): carried.values[name] for name in carried.values}
    return replace(metadata, note=note[:NOTE_LENGTH]), areas.assign(**columns)
