"""Releases in the records of a store: made by one person, approved by another, then fixed."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Final

from geo.errors import ConflictError, InputError, NotFoundError
from geo.releases.cached import CachedReleases
from geo.releases.checking import CheckResult, check_release
from geo.releases.ledger import Ledger
from geo.releases.making import MadeRelease, make_release
from geo.releases.model import Finding, Release, ReleaseDefinition
from geo.releases.written import digest, read_release, release_as_text
from geo.store.contract import StoreReader
from geo.store.records import Records
from geo.store.times import now

_SECRET_BYTES: Final = 32


@dataclass(frozen=True)
class ReleaseRecords:
    """The releases of a store.

    Attributes
    ----------
    records
        Where they are.
    cache
        Those that were read already.
    """

    records: Records
    cache: CachedReleases = field(default_factory=CachedReleases, compare=False)

    def all(self) -> list[Release]:
        """Every release, by id."""
        rows = self.records.rows("SELECT record FROM patchmap_releases ORDER BY release_id")
        return [read_release(record) for (record,) in rows]

    def approved(self) -> list[Release]:
        """Those that the public may read, the latest first."""
        with self.records.reading():
            rows = self.records.rows(
                "SELECT release_id, number FROM patchmap_releases WHERE state = 'approved' "
                "ORDER BY number DESC"
            )
            return [self._read(name, number, "approved") for name, number in rows]

    def get(self, release_id: str) -> Release:
        """Return a release.

        Raises
        ------
        NotFoundError
            If there is none of that id.
        """
        release = self.find(release_id)
        if release is None:
            names = ", ".join(one.release_id for one in self.all()) or "none yet"
            raise NotFoundError(f"there is no release {release_id!r}; releases: {names}")
        return release

    def find(self, release_id: str) -> Release | None:
        """Return a release; None where there is none of that id."""
        with self.records.reading():
            rows = self.records.rows(
                "SELECT number, state FROM patchmap_releases WHERE release_id = ?", release_id
            )
            return self._read(release_id, *rows[0]) if rows else None

    def _read(self, release_id: str, number: int | None, state: str) -> Release:
        """Read a release within a transaction; drafts anew each time, because they change."""
        if number is None:
            return read_release(self._text(release_id))
        return self.cache.get((release_id, number, state), lambda: self._text(release_id))

    def _text(self, release_id: str) -> str:
        rows = self.records.rows(
            "SELECT record FROM patchmap_releases WHERE release_id = ?", release_id
        )
        return str(rows[0][0])

    def make(self, definition: ReleaseDefinition, store: StoreReader, *, by: str) -> Release:
        """Make a draft, in the place of an earlier draft of the same id.

        Parameters
        ----------
        definition
            What it is of.
        store
            Where incidents and layers are.
        by
            Who makes it.

        Returns
        -------
        The draft.

        Raises
        ------
        ConflictError
            If a release of that id was approved before: what was published never changes.
        InputError
            If it cannot be published; see `make_release`.
        """
        self._refuse_published(definition.release_id)
        secret = self._secret()
        with self.records.reading():
            (published, ledger), last = self._published(), self._last_approved()
        # Outside of any transaction: it takes a while, and others write to the records meanwhile.
        made = make_release(definition, store, published=published, ledger=ledger, secret=secret)
        release = replace(made.release, made_by=by, made_at=now(), based_on=last)
        with self.records.transaction():
            self._refuse_published(definition.release_id)
            self.records.execute(
                "DELETE FROM patchmap_releases WHERE release_id = ?", release.release_id
            )
            self._insert(MadeRelease(release, made.ledger))
        return release

    def _refuse_published(self, release_id: str) -> None:
        before = self.find(release_id)
        if before and before.state != "draft":
            raise ConflictError(
                f"release {release_id} was approved already and never changes; use another id"
            )

    def check(self, release_id: str) -> CheckResult:
        """Check a release against all that was ever published.

        Parameters
        ----------
        release_id
            Its id.

        Returns
        -------
        What was found.

        Raises
        ------
        NotFoundError
            If there is no such release.
        """
        with self.records.reading():
            release = self.get(release_id)
            published, last = self._published()
            ledger, outdated = self._ledger(release_id) or last, self._is_outdated(release)
        result = check_release(release, ledger, published)
        if not outdated:
            return result
        text = "another release was approved since it was made; make it again"
        return result._replace(findings=(Finding("refused", text), *result.findings))

    def _is_outdated(self, release: Release) -> bool:
        is_draft = release.state == "draft" and release.is_rounded
        return is_draft and release.based_on != self._last_approved()

    def approve(self, release_id: str, *, by: str, digest_reviewed: str | None = None) -> Release:
        """Publish a draft.

        Parameters
        ----------
        release_id
            Its id.
        by
            Who approves it: a second person, never the one who made it.
        digest_reviewed
            The digest of the draft that they looked at; None does not ask.

        Returns
        -------
        The release.

        Raises
        ------
        NotFoundError
            If there is no such release.
        ConflictError
            If it is no draft, its maker would approve it, the check refuses it, or it is another
            draft than they looked at.
        """
        checked = self.get(release_id)
        refused = [one for one in self.check(release_id).findings if one.severity == "refused"]
        with self.records.transaction():
            release = self.get(release_id)
            if release.state != "draft":
                raise ConflictError(f"release {release_id} is {release.state} already")
            if release.made_by.casefold() == by.casefold():
                raise ConflictError(
                    f"{by} made release {release_id}; a second person must approve it"
                )
            if refused:
                raise ConflictError(f"release {release_id} cannot be approved: {refused[0].text}")
            if digest_reviewed is not None and digest_reviewed != digest(release):
                raise ConflictError(
                    f"release {release_id} was made again since you looked at it; look again"
                )
            # By all that it says: two drafts can be made within one second.
            if digest(release) != digest(checked) or self._is_outdated(release):
                raise ConflictError(f"release {release_id} has just changed; check it again")
            number = self.records.rows("SELECT coalesce(max(number), 0) FROM patchmap_releases")
            approved = replace(release, state="approved", approved_by=by, approved_at=now())
            self._update(approved)
            self.records.execute(
                "UPDATE patchmap_releases SET number = ? WHERE release_id = ?",
                int(number[0][0]) + 1,
                release_id,
            )
            if approved.is_rounded:
                # Its ledger holds theirs: each row's would grow with all before it.
                self.records.execute(
                    "UPDATE patchmap_releases SET ledger = '' WHERE number IS NOT NULL AND "
                    "ledger IS NOT NULL AND release_id <> ?",
                    release_id,
                )
        return approved

    def discard(self, release_id: str) -> Release:
        """Remove a draft, which nobody outside has seen.

        Raises
        ------
        NotFoundError
            If there is no such release.
        ConflictError
            If it was approved: what was published stays known for ever.
        """
        with self.records.transaction():
            release = self.get(release_id)
            if release.state != "draft":
                raise ConflictError(
                    f"release {release_id} was approved and is known for ever; withdraw it"
                )
            self.records.execute("DELETE FROM patchmap_releases WHERE release_id = ?", release_id)
        return release

    def withdraw(self, release_id: str, *, by: str, reason: str) -> Release:
        """Take a release back: it is no longer served, at none of its addresses.

        What was published stays known, so later releases still agree with it.

        Parameters
        ----------
        release_id
            Its id.
        by
            Who withdraws it.
        reason
            Why, for the public.

        Returns
        -------
        The release.

        Raises
        ------
        NotFoundError
            If there is no such release.
        ConflictError
            If it is not published.
        InputError
            If no reason is given.
        """
        if not reason.strip():
            raise InputError("say why it is withdrawn; the public reads the reason")
        with self.records.transaction():
            release = self.get(release_id)
            if release.state != "approved":
                raise ConflictError(f"release {release_id} is not published; it is {release.state}")
            withdrawn = replace(
                release,
                state="withdrawn",
                withdrawn_by=by,
                withdrawn_at=now(),
                reason=reason.strip(),
            )
            self._update(withdrawn)
        return withdrawn

    def _published(self) -> tuple[dict[str, Release], Ledger]:
        """Every release that was ever approved, and the ledger after the last rounded one."""
        rows = self.records.rows(
            "SELECT record, ledger FROM patchmap_releases WHERE number IS NOT NULL ORDER BY number"
        )
        published = [read_release(record) for record, _ in rows]
        ledgers = [ledger for _, ledger in rows if ledger]
        last = Ledger.read(json.loads(ledgers[-1])) if ledgers else Ledger()
        return {one.release_id: one for one in published}, last

    def _ledger(self, release_id: str) -> Ledger | None:
        """The ledger of a draft or the last release; None for others, whose are in the last."""
        rows = self.records.rows(
            "SELECT ledger FROM patchmap_releases WHERE release_id = ?", release_id
        )
        return Ledger.read(json.loads(rows[0][0])) if rows and rows[0][0] else None

    def _last_approved(self) -> str:
        """The id of the last release whose numbers are rounded; open ones tell nothing new."""
        rows = self.records.rows(
            "SELECT release_id FROM patchmap_releases WHERE number IS NOT NULL AND ledger IS NOT "
            "NULL ORDER BY number DESC LIMIT 1"
        )
        return str(rows[0][0]) if rows else ""

    def _secret(self) -> bytes:
        with self.records.transaction():
            rows = self.records.rows("SELECT secret FROM patchmap_release_key")
            if rows:
                return bytes.fromhex(rows[0][0])
            secret = secrets.token_bytes(_SECRET_BYTES)
            self.records.execute("INSERT INTO patchmap_release_key VALUES (1, ?)", secret.hex())
        return secret

    def _insert(self, made: MadeRelease) -> None:
        self.records.execute(
            "INSERT INTO patchmap_releases VALUES (?, ?, NULL, ?, ?)",
            made.release.release_id,
            made.release.state,
            release_as_text(made.release),
            json.dumps(made.ledger.as_dict()) if made.release.is_rounded else None,
        )

    def _update(self, release: Release) -> None:
        self.records.execute(
            "UPDATE patchmap_releases SET state = ?, record = ? WHERE release_id = ?",
            release.state,
            release_as_text(release),
            release.release_id,
        )
