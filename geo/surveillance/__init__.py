"""Surveillance of counts: whether a month or a week is unusual by its own history.

Series are rows of an array, steps of time its columns; an unknown step is NaN, never zero.
"""

from geo.surveillance.control_charts import RULES, ControlCharts, count_chart, xmr_chart
from geo.surveillance.farrington import Expectation, Options, farrington_flexible
from geo.surveillance.reference import MONTHS, WEEKS, Reference
from geo.surveillance.verdicts import (
    CANNOT_SAY,
    FEWER,
    LEVEL,
    MORE,
    USUAL,
    Unusual,
    unusual,
)

__all__ = [
    "CANNOT_SAY",
    "FEWER",
    "LEVEL",
    "MONTHS",
    "MORE",
    "RULES",
    "USUAL",
    "WEEKS",
    "ControlCharts",
    "Expectation",
    "Options",
    "Reference",
    "Unusual",
    "count_chart",
    "farrington_flexible",
    "unusual",
    "xmr_chart",
]
