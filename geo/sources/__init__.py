"""Reading published files and spreadsheets as incident rows, with the notes of each source."""

from typing import Final

from geo.incidents import SourceNotes
from geo.sources import police_uk

OPEN311: Final = "open311"
FIXMYSTREET: Final = "fixmystreet"
"""Ids of sources whose records are read by `geo.sources.open311`."""

_OPEN_GOVERNMENT_LICENCE = "Open Government Licence v3.0"

NOTES = {
    police_uk.SOURCE: SourceNotes(
        title="data.police.uk",
        attribution="Contains public sector information from data.police.uk licensed under the "
        "Open Government Licence v3.0.",
        licence=_OPEN_GOVERNMENT_LICENCE,
        caveats=police_uk.CAVEATS,
        snapped=True,
    ),
    "demo": SourceNotes(
        title="Demo city",
        attribution="Synthetic data made by Patchmap.",
        licence="MIT",
        caveats=("Synthetic: this city, its people and its incidents do not exist.",),
    ),
}
"""Title, licence and caveats of each built-in source, by its id."""
