"""Published names and postcodes, which come as an archive of tables."""

from __future__ import annotations

import shlex
from pathlib import Path

from api.look.facts import FileFacts
from boundaries.gazetteer.read import published_source
from geo.errors import InputError


def look_at_names(path: Path) -> FileFacts | None:
    """Tell what an archive of names or postcodes is; None where it is something else."""
    try:
        source = published_source(path)
    except InputError:
        # What else it is, or how it is damaged, others say.
        return None
    if source is None:
        return None
    _, title = source
    return FileFacts(
        path.name,
        title,
        path.stat().st_size,
        title="names and postcodes to find places by",
        commands=(f"patchmap gazetteer add {shlex.quote(path.name)}",),
        use="names",
    )
