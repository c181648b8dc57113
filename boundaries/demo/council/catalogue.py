"""What the demo city's council measures, and the differences between areas that are planted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import pandas as pd

from geo.measures.model import Measure

BLOCKS, WARDS, ESTATES = "blocks", "wards", "estates"
DEPRIVATION: Final = "deprivation"
SAFETY: Final = "felt-safety"
ANSWERED: Final = "requests-in-time"
RESIDENTS: Final = "residents"

_CITY: Final = "Doggerham (synthetic demo city)"
_made_up = partial(
    Measure,
    licence="Open Government Licence v3.0",
    caveat="Synthetic: this city, its people and these values do not exist.",
)
_per_1000 = partial(_made_up, unit="per 1,000 residents", kind="rate", multiplier=1_000)
_of_incidents = partial(
    _per_1000, better="down", layer_id="", source=f"{_CITY}, incidents", per=RESIDENTS
)


@dataclass(frozen=True)
class Drawn:
    """A measure whose values are drawn at random for each half-year.

    Attributes
    ----------
    rate
        How likely each of the denominator is to be in the numerator.
    sampled
        Of each resident, how many are in the denominator; 0 where the residents are.
    """

    measure: Measure
    rate: float
    sampled: float = 0.0


DRAWN: Final = (
    Drawn(
        _per_1000(
            "vulnerability",
            "Residents with a recorded vulnerability",
            better="down",
            layer_id=BLOCKS,
            source=f"{_CITY}, safeguarding register",
        ),
        rate=0.021,
    ),
    Drawn(
        _per_1000(
            "engagement",
            "Engagement contacts",
            better="up",
            layer_id=BLOCKS,
            source=f"{_CITY}, neighbourhood teams",
        ),
        rate=0.018,
    ),
    Drawn(
        _made_up(
            "satisfaction",
            "Satisfied with the neighbourhood",
            unit="% of residents asked",
            kind="share",
            better="up",
            layer_id=BLOCKS,
            source=f"{_CITY}, survey of residents",
            multiplier=100,
        ),
        rate=0.72,
        sampled=0.05,
    ),
    Drawn(
        _made_up(
            ANSWERED,
            "Requests answered in time",
            unit="% of requests due",
            kind="share",
            better="up",
            layer_id=WARDS,
            source=f"{_CITY}, customer service system",
            multiplier=100,
        ),
        rate=0.91,
        sampled=0.013,
    ),
)

DEMO_MEASURES: Final = (
    *(one.measure for one in DRAWN),
    _made_up(
        RESIDENTS,
        "Residents",
        unit="people",
        kind="count",
        better="neither",
        layer_id=BLOCKS,
        source=f"{_CITY}, mid-year estimates",
    ),
    _made_up(
        DEPRIVATION,
        "Deprivation",
        unit="index score, mean of residents",
        kind="mean",
        better="down",
        layer_id=BLOCKS,
        source=f"{_CITY}, index of deprivation",
    ),
    _made_up(
        SAFETY,
        "Feeling safe after dark",
        unit="score of 0 to 10, mean of answers",
        kind="mean",
        better="up",
        layer_id=WARDS,
        source=f"{_CITY}, survey of residents",
    ),
    _of_incidents("asb", "Anti-social behaviour", question="category=anti-social-behaviour"),
    _of_incidents("burglary", "Burglary", question="category=burglary"),
    _of_incidents(
        "asb-late",
        "Anti-social behaviour from 18:00 to 02:00",
        question="category=anti-social-behaviour&hours=18-02",
    ),
)

PLANTED_COLUMNS: Final = ("measure_id", "layer_id", "area_name", "half", "odds")


@dataclass(frozen=True)
class Planted:
    """A difference of one area that is no chance.

    Attributes
    ----------
    half
        Since which half-year of the data it holds, counted from 0.
    odds
        By what the odds of being in the numerator are multiplied.
    """

    measure_id: str
    layer_id: str
    area_name: str
    half: int
    odds: float


PLANTED: Final = (
    # An estate that was poor and improves, one that is poor and stays so, one that gets worse, and
    # one, Kittiwake Estate, where nothing was planted.
    Planted("satisfaction", ESTATES, "Fladen Park", 0, 0.4),
    Planted("satisfaction", ESTATES, "Fladen Park", 6, 3.0),
    Planted("engagement", ESTATES, "Fladen Park", 6, 4.0),
    Planted("vulnerability", ESTATES, "Fladen Park", 0, 2.6),
    Planted("satisfaction", ESTATES, "Trawler Rise", 4, 0.35),
    Planted("vulnerability", ESTATES, "Trawler Rise", 0, 2.2),
    Planted("engagement", ESTATES, "Trawler Rise", 4, 0.25),
    Planted("vulnerability", ESTATES, "Dowsing Court", 0, 3.0),
    Planted("satisfaction", WARDS, "Silverpit", 0, 1.9),
    Planted("satisfaction", WARDS, "Harbour", 0, 0.55),
    Planted("vulnerability", WARDS, "Windmill Green", 0, 1.6),
    Planted("engagement", WARDS, "Beacon Hill", 2, 2.2),
    # The wards whose records wait longest; of the last year the values are those of the records.
    Planted(ANSWERED, WARDS, "Harbour", 0, 0.2),
    Planted(ANSWERED, WARDS, "Southwater", 4, 0.2),
)
"""What an analysis should find, and beyond it only chance."""


def planted_measures() -> pd.DataFrame:
    """What was planted, as a frame: `PLANTED_COLUMNS`."""
    return pd.DataFrame([vars(one) for one in PLANTED], columns=list(PLANTED_COLUMNS))
