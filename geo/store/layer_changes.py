"""What was done to the layers of a store, with what each change replaced: so it can be undone."""

from __future__ import annotations

import io
from typing import Final

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.ipc
import shapely

from geo.errors import ConflictError, NotFoundError
from geo.store.backend import Tables
from geo.store.contract import LayerChange
from geo.store.times import now

MOST_UNDONE: Final = 5
"""Changes of one layer that can be undone; what earlier ones replaced is no longer stored."""

_FIELDS = tuple(LayerChange.__dataclass_fields__)
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM patchmap_layer_changes"


class LayerChanges:
    """Reads and writes the table `patchmap_layer_changes`, alike in every backend."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def history(self) -> list[LayerChange]:
        """All changes, by id."""
        return self._select("ORDER BY change_id")

    def undoable(self, change_id: int) -> LayerChange:
        """A change that can be undone now.

        Raises
        ------
        NotFoundError
            If there is no such change.
        ConflictError
            If it is undone already, a later change of its layer stands, or it is too old.
        """
        changes = self._select("WHERE change_id = ?", change_id)
        if not changes:
            raise NotFoundError(
                f"there is no layer change {change_id}; see 'patchmap layers history'"
            )
        change = changes[0]
        if change.state == "undone":
            raise ConflictError(f"layer change {change_id} is already undone")
        last = self._current(change.layer_id)[-1]
        if last.change_id != change_id:
            raise ConflictError(
                f"layer change {last.change_id} was made to {change.layer_id} after change "
                f"{change_id}; undo change {last.change_id} first"
            )
        if change.state == "final":
            raise ConflictError(
                f"layer change {change_id} cannot be undone: what it replaced is no longer stored"
            )
        return change

    def add(self, change: LayerChange, metadata: str, areas: gpd.GeoDataFrame | None) -> None:
        """Record a change that is being made.

        Parameters
        ----------
        change
            Its id and moment are given here.
        metadata, areas
            The layer as it was before: '' and None where there was none.
        """
        packed = None if areas is None else _pack(areas)
        self._tables.execute(
            f"INSERT INTO patchmap_layer_changes ({', '.join(_FIELDS[1:])}, metadata, replaced)"
            f" VALUES ({', '.join('?' * (len(_FIELDS) + 1))})",
            *(getattr(change, name) for name in _FIELDS[1:-2]),
            now(),
            "current",
            metadata,
            packed,
        )
        for old in self._current(change.layer_id)[:-MOST_UNDONE]:
            self._tables.execute(
                "UPDATE patchmap_layer_changes SET state = 'final', metadata = '', replaced = NULL"
                " WHERE change_id = ?",
                old.change_id,
            )

    def replaced(self, change_id: int, *, crs: str) -> tuple[str, gpd.GeoDataFrame] | None:
        """The metadata and areas that a change replaced; None where it added the layer.

        Parameters
        ----------
        change_id
            One that can be undone.
        crs
            The store's working CRS.

        Returns
        -------
        tuple or None
            The metadata as the store holds it, and the areas.
        """
        metadata, packed = self._tables.rows(
            "SELECT metadata, replaced FROM patchmap_layer_changes WHERE change_id = ?", change_id
        )[0]
        return None if packed is None else (str(metadata), _unpack(packed, crs))

    def set_undone(self, change_id: int) -> None:
        """Record that a change is undone; what it replaced is the layer again."""
        self._tables.execute(
            "UPDATE patchmap_layer_changes SET state = 'undone', metadata = '', replaced = NULL"
            " WHERE change_id = ?",
            change_id,
        )

    def _current(self, layer_id: str) -> list[LayerChange]:
        return self._select("WHERE layer_id = ? AND state <> 'undone' ORDER BY change_id", layer_id)

    def _select(self, condition: str, *values: object) -> list[LayerChange]:
        return [LayerChange(*row) for row in self._tables.rows(f"{_SELECT} {condition}", *values)]


def _pack(areas: gpd.GeoDataFrame) -> bytes:
    """A layer as a compressed Arrow stream, its geometry as well-known binary."""
    # No attribute of a layer can have this name.
    frame = pd.DataFrame(areas.drop(columns=areas.geometry.name)).reset_index()
    frame["geometry"] = shapely.to_wkb(areas.geometry.to_numpy())
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _unpack(packed: bytes, crs: str) -> gpd.GeoDataFrame:
    with pa.ipc.open_stream(packed) as reader:
        frame: pd.DataFrame = reader.read_all().to_pandas()
    geometry = shapely.from_wkb(frame.pop("geometry").to_numpy())
    # The codes are the first column, whatever kind the layer is of.
    return gpd.GeoDataFrame(frame.set_index(frame.columns[0]), geometry=geometry, crs=crs)
