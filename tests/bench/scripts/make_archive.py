"""Make an archive of police.uk's layout: the same bytes for the same number of rows.

One force, 36 months, anonymised points that many rows share, a quarter of anti-social behaviour
(which has no id), and a few rows without a place.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

MONTHS = pd.period_range("2021-01", periods=36, freq="M")
FORCE, TITLE = "derbyshire", "Derbyshire Constabulary"
POINTS, WITHOUT_PLACE = 20_000, 0.01
KINDS = {
    "Anti-social behaviour": 0.25,
    "Violence and sexual offences": 0.30,
    "Criminal damage and arson": 0.09,
    "Public order": 0.08,
    "Shoplifting": 0.07,
    "Other theft": 0.06,
    "Vehicle crime": 0.05,
    "Burglary": 0.04,
    "Drugs": 0.03,
    "Other crime": 0.03,
}
OUTCOMES = ("Investigation complete; no suspect identified", "Unable to prosecute suspect", "")


def main(path: Path, rows: int) -> None:
    draw = np.random.default_rng(20_240_101)
    places = _places(draw)
    sizes = np.diff(np.linspace(0, rows, len(MONTHS) + 1).astype(int))
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for month, size in zip(MONTHS, sizes, strict=True):
            entry = zipfile.ZipInfo(f"{month}/{month}-{FORCE}-street.csv", (2024, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            content = _month(draw, places, str(month), int(size)).to_csv(index=False)
            archive.writestr(entry, content)
    part.rename(path)


def _places(draw: np.random.Generator) -> pd.DataFrame:
    """The anonymised points: crowded in the middle, as streets are."""
    number = np.arange(POINTS)
    return pd.DataFrame(
        {
            "Longitude": np.round(draw.normal(-1.55, 0.12, POINTS), 6),
            "Latitude": np.round(draw.normal(53.05, 0.12, POINTS), 6),
            "Location": [f"On or near {name} Street" for name in _names(number)],
            "LSOA code": [f"E0101{code:04}" for code in number % 650],
            "LSOA name": [f"Derby {code:03}A" for code in number % 650],
        }
    )


def _names(number: np.ndarray) -> list[str]:
    first = ("Ash", "Beck", "Castle", "Dale", "Elm", "Ford", "Green", "Hill", "Iron", "Kiln")
    last = ("bourne", "brook", "croft", "field", "gate", "ley", "moor", "ton", "wick", "worth")
    return [first[n % 10] + last[n // 10 % 10] + f" {n // 100}" for n in number.tolist()]


def _month(draw: np.random.Generator, places: pd.DataFrame, month: str, size: int) -> pd.DataFrame:
    # Few points hold much: the square of a uniform number favours the first ones.
    chosen = places.iloc[(POINTS * draw.random(size) ** 2).astype(int)].reset_index(drop=True)
    kinds = draw.choice(list(KINDS), size, p=list(KINDS.values()))
    antisocial = kinds == "Anti-social behaviour"
    ids = np.array([draw.bytes(32).hex() for _ in range(size)], dtype=object)
    frame = pd.DataFrame(
        {
            "Crime ID": np.where(antisocial, "", ids),
            "Month": month,
            "Reported by": TITLE,
            "Falls within": TITLE,
            **{name: chosen[name] for name in places},
            "Crime type": kinds,
            "Last outcome category": np.where(antisocial, "", draw.choice(OUTCOMES, size)),
            "Context": "",
        }
    )
    lost = draw.random(size) < WITHOUT_PLACE
    frame.loc[lost, ["Longitude", "Latitude"]] = np.nan
    frame.loc[lost, ["Location", "LSOA code", "LSOA name"]] = ["No Location", "", ""]
    return frame


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
