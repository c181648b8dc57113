"""Records of imports, for Questions that are asked of frames alone."""

import pandas as pd

from geo.incidents import IncidentSummary
from geo.store.contract import ImportRecord


def record_of(
    incidents: pd.DataFrame,
    *,
    month: str = "",
    rejected: int = 0,
    file: str = "f",
    source: str = "police.uk",
    name: str = "x",
) -> ImportRecord:
    """The record of an import that these incidents came from: of police.uk unless it says more."""
    return ImportRecord(
        import_id=1,
        partition_id=f"{source}/{name}/{month}",
        source=source,
        name=name,
        month=month,
        file=file,
        sha256="0",
        rows_read=len(incidents) + rejected,
        rows_accepted=len(incidents),
        rejected_by_reason={},
        rows_replaced=0,
        summary=IncidentSummary.of(incidents),
        imported_by="",
        imported_at="",
        state="current",
    )
