"""Carry everything from one store to another, whatever backends they are."""

from __future__ import annotations

from collections.abc import Callable

from geo.errors import ConflictError
from geo.store.contract import Store


def copy_store(
    source: Store, target: Store, *, seen: Callable[[str], None] = lambda _name: None
) -> None:
    """Copy layers, incidents, current imports, settings and plans into an empty store.

    What imports had replaced stays behind: in the copy they cannot be undone beyond their own rows.

    Parameters
    ----------
    seen
        Called with the name of each part that is about to be copied.

    Raises
    ------
    ConflictError
        If the target holds anything, or has another working CRS or coordinate operation.
    """
    if target.layers() or target.imports(history=True) or target.plans():
        raise ConflictError("the store to copy to holds data already; name a new one")
    if target.projection != source.projection:
        raise ConflictError(
            f"the stores differ in their coordinates: {source.projection.crs}, "
            f"{source.projection.description} and {target.projection.crs}, "
            f"{target.projection.description}"
        )
    with source.reading(), target.transaction():
        for metadata in source.layers():
            seen(metadata.layer_id)
            target.put_layer(*source.layer(metadata.layer_id))
        for record in source.imports():
            seen(record.partition_id)
            target.adopt_import(record, source.import_rows(record.import_id))
        for key, value in source.settings().items():
            target.put_setting(key, value)
        for told in source.plans():
            plan = source.plan(told["plan_id"])
            target.put_plan(plan, based_on=0, updated_at=told["updated_at"])
