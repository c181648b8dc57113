"""What happens in the demo city: the table of its streams of incidents.

A stream is a kind of incident with its own places and hours; a category may have several.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ASB: Final = "anti-social-behaviour"

ASB_BY_YEAR: Final = (12_080, 11_760, 11_430, 11_527)
"""All anti-social behaviour in the years from April 2022, 2023, 2024 and 2025."""


@dataclass(frozen=True)
class Stream:
    """One kind of incident.

    Attributes
    ----------
    category
        Slug of the published category.
    by_year
        Incidents in each of the four years.
    profile
        Hours of the week, a name that `clock.week_profile` knows.
    swing
        How far July lies above the mean of the year.
    centre, main_road, deprived
        What the town centre, main roads and deprived streets add to an ordinary street's risk of 1.
    chronic
        How unequal streets are: standard deviation of the logarithm of their risk.
    repeat
        How unequal the addresses of one street are, likewise.
    venues
        Whether it happens at shops and venues only.
    near_repeats
        Share that follow an earlier one within 14 days and 200 metres.
    interval_share
        Share of incidents whose time is only known as an interval, such as a burglary found later.
    """

    category: str
    by_year: tuple[int, ...]
    profile: str
    swing: float = 0.1
    centre: float = 0.0
    main_road: float = 0.0
    deprived: float = 1.0
    chronic: float = 1.0
    repeat: float = 0.8
    venues: bool = False
    near_repeats: float = 0.0
    interval_share: float = 0.0


ASB_STREETS: Final = Stream(
    ASB, ASB_BY_YEAR, "evening", swing=0.28, centre=4, main_road=1.5, deprived=2.5,
    chronic=1.2, repeat=1.05,
)  # fmt: skip

STREAMS: Final = (
    Stream("violence-and-sexual-offences", (4_100, 4_200, 4_300, 4_250), "any-time",
           centre=1, deprived=3, chronic=1.0, repeat=1.2),
    Stream("violence-and-sexual-offences", (2_100, 2_150, 2_200, 2_150), "night-out",
           centre=60, chronic=0.8, repeat=0.8, venues=True),
    Stream("shoplifting", (1_900, 2_300, 2_750, 2_900), "shop-hours",
           swing=-0.05, centre=14, main_road=5, chronic=0.7, repeat=0.9, venues=True),
    Stream("criminal-damage-and-arson", (2_450, 2_350, 2_250, 2_150), "evening",
           swing=0.12, centre=2, deprived=2, chronic=1.0),
    Stream("vehicle-crime", (2_000, 1_900, 1_750, 1_600), "overnight",
           swing=-0.08, deprived=0.8, chronic=0.8, near_repeats=0.2, interval_share=0.75),
    Stream("other-theft", (1_550, 1_500, 1_480, 1_450), "working-day",
           centre=9, main_road=2, chronic=1.2),
    Stream("public-order", (1_450, 1_500, 1_520, 1_480), "evening",
           swing=0.15, centre=14, main_road=2, deprived=1.5, chronic=1.3, repeat=1.2),
    Stream("burglary", (1_250, 1_150, 1_050, 980), "any-time",
           swing=-0.18, deprived=1.5, chronic=0.8, near_repeats=0.22, interval_share=0.65),
    Stream("drugs", (720, 700, 740, 760), "evening",
           centre=8, deprived=3, chronic=1.6, repeat=1.2),
    Stream("bicycle-theft", (480, 440, 400, 370), "working-day",
           swing=0.3, centre=18, main_road=2, deprived=0.3, chronic=1.3, interval_share=0.7),
    Stream("robbery", (290, 300, 310, 300), "evening",
           centre=12, main_road=3, deprived=2, chronic=1.3),
)  # fmt: skip
