"""Codes of the Government Statistical Service: what areas a field or a column names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

AUTHORITIES: Final = "districts"
WARDS: Final = "wards"

LEVELS: Final[Mapping[str, str]] = {
    WARDS: "wards",
    "lsoa": "lower layer super output areas",
    "msoa": "middle layer super output areas",
    "output-areas": "output areas",
    AUTHORITIES: "local authorities",
}
"""What the areas of each level are called."""

_ONS_LEVELS = {
    "WD": WARDS,
    "LSOA": "lsoa",
    "MSOA": "msoa",
    "OA": "output-areas",
    "LAD": AUTHORITIES,
}
_ONS_FIELD = re.compile(r"([A-Z]{2,6})(\d\d)CD", re.IGNORECASE)
# The first three letters of a GSS code say what it is a code of.
_GSS = re.compile(r"[EWSN]\d{8}")
_GSS_LEVELS = {
    **dict.fromkeys(("E05", "W05", "S13", "N08"), WARDS),
    **dict.fromkeys(("E01", "W01", "S01"), "lsoa"),
    **dict.fromkeys(("E02", "W02", "S02"), "msoa"),
    **dict.fromkeys(("E00", "W00", "S00", "N00"), "output-areas"),
    **dict.fromkeys(("E06", "E07", "E08", "E09", "W06", "S12", "N09"), AUTHORITIES),
}
_MOSTLY = 0.9  # share of a column's values that must be codes: some rows are totals or notes


def code_columns(frame: pd.DataFrame) -> dict[str, str]:
    """Find the columns of GSS codes.

    Parameters
    ----------
    frame
        Rows of a table, or the properties of features.

    Returns
    -------
    The level of the codes, of `LEVELS`, by the name of the column.
    """
    columns = {}
    for name in frame.columns:
        values = [code_text(value) for value in frame[name].dropna()]
        codes = [value for value in values if _GSS.fullmatch(value)]
        if values and len(codes) >= _MOSTLY * len(values) and (level := _commonest_level(codes)):
            columns[str(name)] = level
    return columns


def level_and_year(code_field: str, codes: Sequence[str]) -> tuple[str, str]:
    """Tell what areas a field of codes names, and of which year.

    Parameters
    ----------
    code_field
        The name of the field, such as `WD25CD`.
    codes
        Its values.

    Returns
    -------
    level, year
        Of `LEVELS`, and as `2025`; '' each where nothing says so.
    """
    named = _ONS_FIELD.fullmatch(code_field)
    level = _ONS_LEVELS.get(named[1].upper(), "") if named else ""
    return level or _commonest_level(codes), f"20{named[2]}" if named else ""


def code_text(value: object) -> str:
    """A value of a code column as text; '' for a missing one."""
    return "" if value is None or value != value else str(value).strip()  # noqa: PLR0124 - NaN


def _commonest_level(codes: Sequence[str]) -> str:
    levels = pd.Series([_GSS_LEVELS.get(code[:3], "") for code in codes])
    commonest = levels.mode()
    return str(commonest.iloc[0]) if len(commonest) else ""
