"""Files of a plan for download, and the links to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import Response

from api.addresses import own_address
from api.formats.registry import HTML, Format
from api.planner.comments import comment_table
from api.planner.exports import DOWNLOADS, WITH_PARISHES, PlanFile
from api.planner.report import POLICY as REPORT_POLICY
from api.planner.sessions import EditingSession
from api.snapshot import Snapshot
from boundaries.plans.units import Units
from geo.errors import NotFoundError, QuestionError
from geo.question.model import Question
from geo.temporary import TemporaryFolder

NAMES: Final = "names"
NUMBERS: Final = "numbers"
"""Whether a report has the comments, for the council, or only how many there are."""


@dataclass(frozen=True)
class DownloadLink:
    """A link to a file of a plan, and whether that file lists parish wards."""

    title: str
    address: str
    with_parishes: bool


def download_links(plan_id: str, question: Question) -> list[DownloadLink]:
    """The links to the files of a plan."""

    def link(form: Format, title: str, *choice: str) -> DownloadLink:
        query = "&".join(filter(None, [question.query(), *choice]))
        address = f"/planner/plans/{plan_id}/files/{plan_id}{form.ending}"
        address = own_address(f"{address}?{query}" if query else address)
        return DownloadLink(title, address, form in WITH_PARISHES)

    links = [link(form, title) for form, title in DOWNLOADS.items()]
    title = "Report with comments, for the council only"
    return [*links, link(HTML, title, f"comments={NAMES}")]


def download_format(name: str) -> Format:
    """The format of a file by its ending.

    Raises
    ------
    NotFoundError
        If the planner offers no file with that ending.
    """
    for form in DOWNLOADS:
        if form.ending == Path(name).suffix:
            return form
    endings = ", ".join(form.ending for form in DOWNLOADS)
    raise NotFoundError(f"a plan has no file {name}; choose an ending: {endings}")


def names_shown(choice: str) -> bool:
    """Whether a report is to have the comments with their names.

    Raises
    ------
    QuestionError
        If the choice is not known.
    """
    if choice not in ("", NAMES, NUMBERS):
        raise QuestionError("comments", f"unknown value {choice!r}; choose {NUMBERS} or {NAMES}")
    return choice == NAMES


def download(
    session: EditingSession,
    snapshot: Snapshot,
    form: Format,
    *,
    names: bool = False,
    parishes: Units | None = None,
) -> Response:
    """Write a plan in a format and return it.

    Parameters
    ----------
    session
        The open plan.
    snapshot
        What the service knows now.
    form
        One of `DOWNLOADS`.
    names, parishes
        As `PlanFile.names_shown` and `PlanFile.parishes`.
    """
    plan_id = session.draft.plan.metadata.plan_id
    metadata = {layer.layer_id: layer for layer in snapshot.layers()}
    file = PlanFile(
        session.draft,
        session.question,
        snapshot.projection,
        metadata,
        {},
        comments=comment_table(snapshot, session.draft),
        names_shown=names,
        parishes=parishes,
    )
    with TemporaryFolder() as folder:
        path = Path(folder) / f"{plan_id}{form.ending}"
        file.write(path)
        content = path.read_bytes()
    # The report is read in the browser: it is shown, and may run nothing.
    headers = (
        {"content-security-policy": REPORT_POLICY} if form is HTML else form.attachment(plan_id)
    )
    return Response(content, media_type=form.content_type, headers=headers)
