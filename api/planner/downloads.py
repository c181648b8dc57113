"""Files of a plan for download, and the links to them."""

from __future__ import annotations

from pathlib import Path

from fastapi import Response

from api.addresses import own_address
from api.formats.registry import HTML, Format
from api.planner.exports import DOWNLOADS, PlanFile
from api.planner.report import POLICY as REPORT_POLICY
from api.planner.sessions import EditingSession
from api.snapshot import Snapshot
from geo.errors import NotFoundError
from geo.question.model import Question
from geo.temporary import TemporaryFolder


def download_links(plan_id: str, question: Question) -> dict[str, str]:
    """Addresses of the files of a plan, by their titles."""
    query = f"?{question.query()}" if question.query() else ""
    return {
        title: own_address(f"/planner/plans/{plan_id}/files/{plan_id}{form.ending}{query}")
        for form, title in DOWNLOADS.items()
    }


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


def download(session: EditingSession, snapshot: Snapshot, form: Format) -> Response:
    """Write a plan in a format and return it."""
    plan_id = session.draft.plan.metadata.plan_id
    metadata = {layer.layer_id: layer for layer in snapshot.layers()}
    file = PlanFile(session.draft, session.question, snapshot.projection, metadata, {})
    with TemporaryFolder() as folder:
        path = Path(folder) / f"{plan_id}{form.ending}"
        file.write(path)
        content = path.read_bytes()
    # The report is read in the browser: it is shown, and may run nothing.
    headers = (
        {"content-security-policy": REPORT_POLICY} if form is HTML else form.attachment(plan_id)
    )
    return Response(content, media_type=form.content_type, headers=headers)
