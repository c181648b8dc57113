"""Imports the last month anew with half of its rows, undoes that, and so on until it is ended.

`python -m tests.soak.importer STORE` tells each step that is done, and each that was refused.
Each begins by looking how the store stands, so it may be killed at any moment and started again.
"""

from __future__ import annotations

import sys
import uuid
from contextlib import closing

import pandas as pd

from geo.errors import PatchmapError
from geo.incidents import Batch, Partition
from geo.store.contract import ImportRecord, Store
from tests.geo.stores.places import open_at

REVISION = "revision.csv"


def alternate(store: Store) -> str:
    """Take one step.

    Returns
    -------
    The step as `imported NUMBER` or `undone NUMBER`.
    """
    # Records with lives come as whole extracts by a mapping; a month can be put again as it is.
    months = (record for record in store.imports() if record.whole is None)
    last = max(months, key=lambda record: record.import_id)
    with store.transaction():
        if last.file == REVISION:
            store.undo_import(last.import_id)
            return f"undone {last.import_id}"
        _, made = store.put_partition(_revised(store, last))
        return f"imported {made.import_id}"


def _revised(store: Store, record: ImportRecord) -> Partition:
    rows = store.import_rows(record.import_id).sort_values("incident_id").iloc[::2]
    rows = rows.reset_index(drop=True)
    nothing = pd.DataFrame({"line": [], "reason": [], "row": []})
    return Partition(
        source=record.source,
        name=record.name,
        month=record.month,
        file=REVISION,
        sha256=uuid.uuid4().hex,
        fields=(),
        batches=lambda: iter([Batch(rows, nothing)]),
    )


def main() -> None:
    while sys.stdin.readline():
        try:
            with closing(open_at(sys.argv[1])) as store:
                step = alternate(store)
        except PatchmapError as error:
            step = f"refused {error}"
        print(step, flush=True)  # noqa: T201 - what the soak reads


if __name__ == "__main__":
    main()
