"""Downloads from one site: resumed after a break, limited in size, and at the site's pace."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import orjson
import requests

from api.settings import VERSION
from geo.errors import InputError
from geo.formats.bounded import LARGEST_FILE

Progress = Callable[[int, int], None]
"""Called with the bytes (or areas) so far and in total; a total of 0 is unknown."""

JsonObject = dict[str, object]

_LARGEST_ANSWER: Final = 256 * 2**20  # bytes of JSON
_TRIES: Final = 5
_REDIRECTS: Final = 5
_LONGEST_WAIT: Final = 120.0  # seconds
_TIMEOUTS: Final = (10.0, 60.0)  # seconds to connect, and between two pieces
_BUSY: Final = frozenset({429, 500, 502, 503, 504})  # HTTP status codes worth another try


class Site:
    """One web site: one request at a time, and a pause whenever it asks for one.

    Parameters
    ----------
    address
        Where it begins, with http or https.
    by_hand
        What to do if a download fails, for messages.
    sleep
        Waits for some seconds.
    """

    def __init__(self, address: str, by_hand: str, sleep: Callable[[float], None]) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"{address!r} is not a web address; it must begin with https://")
        self.address = address.rstrip("/")
        self.host = parts.hostname
        self.by_hand = by_hand
        self._sleep = sleep
        self._session = requests.Session()
        # Ranges count the bytes as sent, so the server must not compress them.
        self._session.headers.update(
            {"User-Agent": f"patchmap/{VERSION}", "Accept-Encoding": "identity"}
        )

    def json(self, url: str, **params: str) -> JsonObject:
        """A JSON object; ArcGIS reports errors in one, with the status of a success."""
        with self._one_line_errors(), self._open(url, params=params) as response:
            content = bytearray()
            for piece in response.iter_content(2**16):
                content += piece
                if len(content) > _LARGEST_ANSWER:
                    raise InputError(
                        f"{self.host} sent more than {_LARGEST_ANSWER:,} bytes; {self.by_hand}"
                    )
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise InputError(f"{self.host} did not send a JSON object; {self.by_hand}")
        if isinstance(fault := answer.get("error"), dict):
            message = _line(fault.get("message"))
            raise InputError(f"{self.host} reports an error: {message}; {self.by_hand}")
        return answer

    def download(self, url: str, target: Path, progress: Progress) -> None:
        """Download a zip archive.

        Parameters
        ----------
        url
            Where it is.
        target
            Where to save it. Until it is complete it is a `.part` file, which a later call resumes.
        progress
            Called with bytes.
        """
        part, tag = (target.with_name(target.name + ending) for ending in (".part", ".tag"))
        for attempt in range(_TRIES):
            with self._one_line_errors():
                complete = self._resume(url, part, tag, progress)
            if complete:
                break
            self._sleep(2.0**attempt)
        else:
            size = part.stat().st_size if part.exists() else 0
            raise InputError(
                f"{url} stopped at {size:,} bytes; run this again to continue from there"
            )
        tag.unlink(missing_ok=True)
        if not zipfile.is_zipfile(part):
            part.unlink()
            raise InputError(f"{url} is not a zip archive; {self.by_hand}")
        part.replace(target)

    def _resume(self, url: str, part: Path, tag: Path, progress: Progress) -> bool:
        """Fetch the rest of a file, or all of it; False if the connection broke off."""
        size = part.stat().st_size if part.exists() and tag.exists() else 0
        # If-Range: where the file has changed since, the server sends the new one from its start.
        headers = {"Range": f"bytes={size}-", "If-Range": tag.read_text()} if size else {}
        with self._open(url, headers=headers, accepted=(200, 206, 416)) as response:
            sent = response.headers.get("Content-Range", "")
            if response.status_code == 416 and sent == f"bytes */{size}":
                return True  # the connection had broken off after the last byte
            if response.status_code != 200 and not sent.startswith(f"bytes {size}-"):
                part.unlink(missing_ok=True)
                return False
            start = size if response.status_code == 206 else 0
            length = response.headers.get("Content-Length", "")
            total = start + int(length) if length.isdecimal() else 0
            _write_tag(tag, response)
            return _append(response, part, (start, total), progress)

    def _open(
        self,
        url: str,
        *,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        accepted: tuple[int, ...] = (200,),
    ) -> requests.Response:
        for attempt in range(_TRIES):
            response = self._follow(url, params, headers)
            if response.status_code in accepted:
                return response
            response.close()
            if response.status_code == 404:
                raise InputError(f"{url} does not exist, or not yet; {self.by_hand}")
            if response.status_code not in _BUSY:
                raise InputError(f"{url} is refused (HTTP {response.status_code}); {self.by_hand}")
            self._sleep(self._pause(response.headers.get("Retry-After", ""), attempt))
        raise InputError(f"{self.host} is too busy (HTTP {response.status_code}); try again later")

    def _follow(
        self, url: str, params: dict[str, str] | None, headers: dict[str, str] | None
    ) -> requests.Response:
        for _ in range(_REDIRECTS):
            response = self._session.get(
                url,
                params=params,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=_TIMEOUTS,
            )
            if not response.is_redirect:
                return response
            response.close()
            there, here = urlsplit(urljoin(url, response.headers["Location"])), urlsplit(url)
            same_host = (there.scheme, there.netloc) == (here.scheme, here.netloc)
            if there.scheme != "https" and not same_host:
                raise InputError(
                    f"{self.host} redirects to {_line(there.geturl())}, which is not secure; "
                    f"{self.by_hand}"
                )
            url, params = there.geturl(), None  # the new address brings its own parameters
        raise InputError(f"{self.host} redirects too many times; {self.by_hand}")

    def _pause(self, retry_after: str, attempt: int) -> float:
        seconds = 2.0**attempt  # without a header, twice as long each time
        if retry_after.isdecimal():
            seconds = float(retry_after)
        elif retry_after:
            try:
                until = parsedate_to_datetime(retry_after)
                seconds = (until - datetime.now(UTC)).total_seconds()
            except (TypeError, ValueError):  # no date, or one without a time zone
                pass
        if seconds > _LONGEST_WAIT:
            raise InputError(f"{self.host} asks to wait {seconds:,.0f} seconds; try again later")
        return max(seconds, 0.0)

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        try:
            yield
        except (requests.RequestException, ValueError) as error:
            raise InputError(
                f"{self.host} cannot be reached ({type(error).__name__}); {self.by_hand}"
            ) from error


def _write_tag(tag: Path, response: requests.Response) -> None:
    """Store the validator of this version of a file; without one it cannot be resumed."""
    etag = response.headers.get("ETag", "")
    validator = (
        etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")
    )
    if validator:
        tag.write_text(validator)
    else:
        tag.unlink(missing_ok=True)


def _append(
    response: requests.Response, part: Path, span: tuple[int, int], progress: Progress
) -> bool:
    done, total = span
    with part.open("ab" if done else "wb") as stream:
        try:
            # Small pieces, because a piece that breaks off in the middle is lost.
            for piece in response.iter_content(2**14):
                done += len(piece)
                if max(done, total) > LARGEST_FILE:
                    raise InputError(f"{response.url} is larger than {LARGEST_FILE:,} bytes")
                stream.write(piece)
                progress(done, total)
        except requests.RequestException:
            return False
    return done >= total


def _line(text: object) -> str:
    return " ".join(str(text).split())[:200]
