"""Incident frames as compact bytes: what an import replaced is kept so that it can be undone."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.ipc

from geo.incidents import Summary


def pack_frame(frame: pd.DataFrame) -> bytes:
    """A frame as a compressed Arrow stream."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue()


def unpack_frame(packed: bytes) -> pd.DataFrame:
    """The frame that `pack_frame` packed."""
    with pa.ipc.open_stream(packed) as reader:
        frame: pd.DataFrame = reader.read_all().to_pandas()
    return frame


def summary_to_json(summary: Summary) -> str:
    """A summary as JSON text, its times in UTC."""
    moments = [moment and moment.isoformat() for moment in (summary.first, summary.last)]
    return json.dumps([summary.categories, summary.precisions, *moments, summary.squares])


def summary_from_json(text: str) -> Summary:
    """The summary that `summary_to_json` wrote."""
    categories, precisions, first, last, squares = json.loads(text)
    return Summary(categories, tuple(precisions), _moment(first), _moment(last), squares)


def _moment(text: Any) -> pd.Timestamp | None:
    return pd.Timestamp(text) if text else None
