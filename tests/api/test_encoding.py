"""Rows of frames become plain values, whatever the columns hold."""

import numpy as np
import pandas as pd

from api.formats.encoding import records


def test_values_are_of_pythons_own_types_and_missing_ones_none():
    frame = pd.DataFrame(
        {
            "whole": np.array([1, 2], dtype=np.uint8),
            "number": [1.5, np.nan],
            "nullable": pd.array([3, None], dtype="Int64"),
            "yes": [True, False],
            "text": pd.array(["a", None], dtype="str"),
            "mixed": pd.Series([np.int64(3), None], dtype=object),
            "several": [[1], None],
            "kind": pd.Categorical(["x", None]),
            "when": pd.to_datetime(["2025-05-01", None]),
            7: [1, 2],
        }
    )
    first, second = records(frame)
    assert first == {
        "whole": 1, "number": 1.5, "nullable": 3, "yes": True, "text": "a", "mixed": 3,
        "several": [1], "kind": "x", "when": pd.Timestamp("2025-05-01"), "7": 1,
    }  # fmt: skip
    assert {name: type(first[name]) for name in ("whole", "nullable", "yes", "mixed")} == {
        "whole": int, "nullable": int, "yes": bool, "mixed": int,
    }  # fmt: skip
    assert [name for name, value in second.items() if value is None] == [
        "number", "nullable", "text", "mixed", "several", "kind", "when",
    ]  # fmt: skip


def test_a_frame_without_columns_has_empty_rows():
    assert records(pd.DataFrame(index=[1, 2])) == [{}, {}]
