"""Every kind of answer: what it is called at each door, and what works it out.

A new one is one more entry here: the command line, the collections and notebooks read this list.
"""

from __future__ import annotations

from collections.abc import Mapping

from geo.analyses import (
    deployment,
    hot_cells,
    patrolling,
    places,
    proof,
    street_counts,
    surfaces,
    times,
    treatment,
    unusual,
)
from geo.analyses.analysis import Analysis, AnalysisResult
from geo.calendar_parts import CALENDAR_UNITS

__all__ = ["ANALYSES", "LAYERS", "Analysis", "AnalysisResult"]

ANALYSES = (
    Analysis(
        "count",
        "area-counts",
        "Incidents by area",
        "Count incidents by area, and compare with another period.",
        "Counts of incidents by area; with a compared period also the change.",
        surfaces.area_counts,
        splits=CALENDAR_UNITS,
    ),
    Analysis(
        "hotspots",
        "hotspots",
        "Hotspot cells",
        "Find hot and cold cells against a baseline, on a grid over the study area.",
        "Cells over the study area, classed by the tail of their count against a baseline.",
        hot_cells.hotspots,
        shape="cells",
    ),
    Analysis(
        "outlines",
        "hotspot-outlines",
        "Hotspots",
        "Find hotspots: joined hot cells, each with its outline, count and shares.",
        "Joined hot cells: one outline each, with its incidents, expected incidents and shares.",
        hot_cells.outlines,
        shape="outlines",
    ),
    Analysis(
        "density",
        "density",
        "Density",
        "Map incident density as a smooth surface.",
        "Incidents per km² at each cell's centre, by a quartic kernel.",
        surfaces.densities,
        shape="cells",
    ),
    Analysis(
        "rank",
        "ranked-hotspots",
        "Ranked hotspots",
        "Rank the places with most incidents; known places keep their ids.",
        "Circles of equal size with the most incidents, none too near another; ids stay the same.",
        places.ranked,
        shape="circles",
    ),
    Analysis(
        "change",
        "changes",
        "Change by area",
        "Compare each area with an earlier period.",
        "How each area differs from the compared period, and whether beyond chance.",
        surfaces.changes,
    ),
    Analysis(
        "expected",
        "expected",
        "Expected band by area",
        "Compare the last month of each area with what was to be expected.",
        "The range expected for the last month, from the same months of earlier years.",
        surfaces.expected,
        history=True,
    ),
    Analysis(
        "unusual",
        "unusual",
        "What is unusual",
        "Find areas and categories whose last month is unusual for them.",
        "The last month of each area and category against its own season and trend.",
        unusual.unusual_now,
        history=True,
        splits=("month", "week"),
    ),
    Analysis(
        "unusual-places",
        "unusual-places",
        "Unusual places",
        "Find ranked places whose last month is unusual for them.",
        "The last month of each ranked place against its own season and trend.",
        unusual.unusual_places,
        history=True,
        splits=("month", "week"),
        shape="circles",
    ),
    Analysis(
        "emerging",
        "emerging-hotspots",
        "Emerging hotspots",
        "Find hotspots that are new, persistent or fading.",
        "Cells by how hot or cold they were, three months a step: new, persistent, fading …",
        surfaces.emerging_hotspots,
        shape="cells",
    ),
    Analysis(
        "repeats",
        "repeat-places",
        "Repeat places",
        "List addresses and premises with more than one incident.",
        "Addresses and premises with more than one incident.",
        places.repeat_places,
        shape="points",
        addresses=True,
    ),
    Analysis(
        "streets",
        "street-counts",
        "Streets",
        "Count incidents along streets, and rank the streets.",
        "Counts along the streets of a layer of lines, ranked, with how concentrated they are.",
        street_counts.street_counts,
        shape="lines",
    ),
    Analysis(
        "near-repeats",
        "",
        "Near repeats",
        "Test whether incidents are soon followed by others nearby.",
        "Whether incidents draw others after them, by distance and by days.",
        places.near_repeats,
    ),
    Analysis(
        "concentration",
        "",
        "Concentration",
        "Measure how few places hold most incidents.",
        "How few places hold half, and four fifths, of all incidents.",
        places.concentrated,
    ),
    Analysis(
        "lorenz",
        "",
        "Lorenz curve",
        "Write the Lorenz curve of incidents over places.",
        "The share of all incidents that the busiest places hold, one place after another.",
        places.lorenz,
    ),
    Analysis(
        "dayparts",
        "",
        "Dayparts",
        "Count incidents by hour of the week, and find the peaks.",
        "Incidents by hour of the week, with the peak windows.",
        times.dayparts,
    ),
    Analysis(
        "evaluate",
        "",
        "Evaluation",
        "Test how well past hotspots predict later incidents.",
        "How well methods and 1, 3, 12 and 36 months of history predict the last months.",
        proof.evaluated,
        history=True,
    ),
    Analysis(
        "treatment",
        "",
        "Treatment",
        "Test whether treated places improved more than the rest.",
        "Whether incidents fell more at treated places than elsewhere, and what moved next door.",
        treatment.treated,
        history=True,
    ),
    Analysis(
        "posts",
        "posts",
        "Posts",
        "Share officers or money out over areas by need.",
        "Officers or money shared out over the areas: a minimum for each, the rest by need.",
        deployment.posts,
    ),
    Analysis(
        "patches",
        "patches",
        "Patches",
        "Group areas into patches of equal work, one officer each.",
        "Contiguous groups of areas, one officer each, with their work in balance.",
        deployment.patches,
        searches=True,
    ),
    Analysis(
        "patrols",
        "patrols",
        "Patrols",
        "Plan patrols: who visits which place, in which order and when.",
        "Visits to ranked places in shifts: who, where, in which order, and when.",
        patrolling.patrols,
        searches=True,
        shape="points",
    ),
)
"""All of them, in the order in which people meet them."""

LAYERS: Mapping[str, Analysis] = {
    analysis.collection: analysis for analysis in ANALYSES if analysis.collection
}
"""Those that are layers, by the id of their collection."""
