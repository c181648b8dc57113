"""`/releases`: where releases are made, checked, approved by a second person, and withdrawn."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response

from api.dependencies import HTML
from api.errors import status_of
from api.identity.audit import Action, record
from api.identity.declared import requires
from api.identity.identity import Identity, identity_of
from api.identity.roles import Capability
from api.pages.templating import templates
from api.query import only
from api.releases.form import FieldsDep, release_texts
from api.releases.opening import OpenReleases, ReleasesDep
from api.releases.text import accuracy_lines, error_text, rounding_text, state_text
from api.settings import VERSION
from geo.errors import NotFoundError, PatchmapError, StoreError
from geo.incidents import category_title
from geo.releases.defining import ReleaseTexts, define
from geo.releases.model import Release
from geo.releases.records import ReleaseRecords
from geo.releases.written import digest
from geo.store.layer_ids import areas_among

router = APIRouter(prefix="/releases", dependencies=[requires(Capability.REVIEW_RELEASES)])

# Without a referrer a browser sends forms with the origin `null`, which the guard refuses.
_PRIVATE: Final = {"cache-control": "no-store", "referrer-policy": "same-origin"}
_GROUPS: Final = 4
"""Fields for category groups that the form shows."""


@router.get("")
def releases(request: Request, opened: ReleasesDep) -> Response:
    """List all releases, with a form to make one."""
    only(request, ())
    return _list(request, opened)


@router.post("", dependencies=[requires(Capability.MAKE_RELEASES)])
def make(request: Request, opened: ReleasesDep, fields: FieldsDep) -> Response:
    """Make a draft."""
    person, texts = _person(request), release_texts(fields)
    try:
        definition = define(texts, opened.store)
        layers = ",".join(definition.layers)
        options = {"from": definition.first, "to": definition.last, "layer": layers}
        record(
            request,
            action=Action.RELEASE,
            subject=f"{definition.release_id} made",
            question=options,
        )
        opened.opened().make(definition, opened.store, by=person.name)
    except StoreError:
        raise
    except PatchmapError as error:
        return _list(request, opened, refusal=error, form=texts)
    return _go_to(f"/releases/{quote(definition.release_id)}")


@router.get("/{release_id}")
def release(request: Request, opened: ReleasesDep, release_id: str) -> Response:
    """A release with its numbers, its check, and what can be done with it."""
    only(request, ())
    return _one(request, opened, release_id)


@router.post("/{release_id}/approve", dependencies=[requires(Capability.APPROVE_RELEASES)])
def approve(request: Request, opened: ReleasesDep, release_id: str, fields: FieldsDep) -> Response:
    """Publish a draft that another person made, as it was when this one looked at it."""
    person, existing = _person(request), _existing(opened)
    reviewed = fields.get("digest", [""])[0]
    existing.get(release_id)
    record(request, action=Action.RELEASE, subject=f"{release_id} approved")
    try:
        existing.approve(release_id, by=person.name, digest_reviewed=reviewed)
    except StoreError:
        raise
    except PatchmapError as error:
        return _one(request, opened, release_id, refusal=error)
    return _go_to(f"/releases/{quote(release_id)}")


@router.post("/{release_id}/discard", dependencies=[requires(Capability.MAKE_RELEASES)])
def discard(request: Request, opened: ReleasesDep, release_id: str) -> Response:
    """Remove a draft."""
    _person(request)
    existing = _existing(opened)
    if existing.get(release_id).state == "draft":
        record(request, action=Action.RELEASE, subject=f"{release_id} discarded")
    try:
        existing.discard(release_id)
    except StoreError:
        raise
    except PatchmapError as error:
        return _one(request, opened, release_id, refusal=error)
    return _go_to("/releases")


@router.post("/{release_id}/withdraw", dependencies=[requires(Capability.APPROVE_RELEASES)])
def withdraw(request: Request, opened: ReleasesDep, release_id: str, fields: FieldsDep) -> Response:
    """Take a published release back, at once and at all of its addresses."""
    person, existing = _person(request), _existing(opened)
    reason = fields.get("reason", [""])[0]
    existing.get(release_id)
    record(request, action=Action.RELEASE, subject=f"{release_id} withdrawn", reason=reason)
    try:
        existing.withdraw(release_id, by=person.name, reason=reason)
    except StoreError:
        raise
    except PatchmapError as error:
        return _one(request, opened, release_id, refusal=error)
    return _go_to(f"/releases/{quote(release_id)}")


def _person(request: Request) -> Identity:
    """Who makes a request; a program cannot be a second person."""
    identity = identity_of(request)
    if identity.way == "key":
        raise HTTPException(403, "a key neither makes nor approves releases; use a browser")
    return identity


def _existing(opened: OpenReleases) -> ReleaseRecords:
    existing = opened.existing()
    if existing is None:
        raise NotFoundError("there are no releases yet")
    return existing


def _list(
    request: Request,
    opened: OpenReleases,
    *,
    refusal: PatchmapError | None = None,
    form: ReleaseTexts | None = None,
) -> Response:
    existing, store = opened.existing(), opened.store
    imports = store.imports()
    groups = list(form.groups) if form else []
    return _page(
        request,
        "releases.html",
        refusal=refusal,
        releases=[(one, state_text(one)) for one in (existing.all() if existing else [])],
        layers=areas_among(store.layers()),
        sources=sorted({one.source for one in imports}),
        categories=_categories({slug for one in imports for slug in one.summary.categories}),
        months=sorted({one.month for one in imports if one.month}),
        form=form,
        groups=groups + [""] * max(_GROUPS - len(groups), 1),
    )


def _categories(slugs: set[str]) -> list[tuple[str, str]]:
    return sorted(((slug, category_title(slug)) for slug in slugs), key=lambda pair: pair[1])


def _one(
    request: Request,
    opened: OpenReleases,
    release_id: str,
    *,
    refusal: PatchmapError | None = None,
) -> Response:
    existing, person = _existing(opened), identity_of(request)
    one = existing.get(release_id)
    return _page(
        request,
        "release.html",
        refusal=refusal,
        release=one,
        digest=digest(one),
        is_maker=one.made_by.casefold() == person.name.casefold(),
        state=state_text(one),
        check=existing.check(release_id) if one.state == "draft" else None,
        tables=[_shown(one, at) for at in range(len(one.tables))],
        rounding=rounding_text(one),
        error=error_text(one),
        accuracy=accuracy_lines(one),
    )


def _shown(release: Release, at: int) -> dict[str, Any]:
    table = release.tables[at]
    areas = table.by_area(release.crs).drop(columns=["geometry", "area_code"]).astype(object)
    return {"table": table, "areas": areas.to_numpy().tolist()}


def _page(
    request: Request, template: str, *, refusal: PatchmapError | None, **values: Any
) -> Response:
    text = templates.get_template(template).render(
        version=VERSION,
        person=identity_of(request),
        refusal=str(refusal) if refusal else "",
        **values,
    )
    status = status_of(refusal) if refusal else 200
    return Response(text, status_code=status, media_type=HTML, headers=_PRIVATE)


def _go_to(address: str) -> Response:
    return Response(status_code=303, headers={"location": address, **_PRIVATE})
