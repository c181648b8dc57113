"""Fetching data.police.uk: ranges, breaks, waits, and addresses that are not fetched."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from api.fetch import download
from api.fetch.fetch import fetch_layer, fetch_police_uk
from tests.api.fetch.server import Answer, Received, Server, names, refusal


def archive(*months: str, forces: tuple[str, ...] = ("derbyshire", "west-midlands")) -> bytes:
    """An archive in the published layout, its bytes too random to shrink."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as written:
        for month in months:
            for force in forces:
                for kind in ("street", "outcomes"):
                    name = f"{month}/{month}-{force}-{kind}.csv"
                    written.writestr(name, f"{month} {force} {kind}\n" * 500)
    return content.getvalue()


APRIL = "/data/archive/2024-04.zip"
MONTHS = ["2024-03", "2024-04"]
CUT = 2**15  # bytes after which a connection breaks


def ranged(content: bytes, *, etag: str = '"one"', cut: int = 0) -> Callable[[Received], Answer]:
    """An answer like S3's: part of a file where a range is requested, cut off after `cut` bytes."""

    def make(request: Received) -> Answer:
        headers = {"ETag": etag, "Accept-Ranges": "bytes"}
        start = 0
        if request.headers.get("If-Range") == etag:
            start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            return 416, {"Content-Range": f"bytes */{len(content)}"}, b""
        body = content[start:]
        headers["Content-Length"] = str(len(body))
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return (206 if start else 200), headers, body[: cut or None]

    return make


def police(server: Server, folder: Path, *months: str, **options: Any) -> list[Path]:
    return fetch_police_uk(
        options.pop("force", "derbyshire"),
        months or MONTHS,
        folder,
        address=server.address,
        sleep=server.slept.append,
        **options,
    )


def test_a_forces_months_come_out_of_one_archive(server: Server, tmp_path: Path) -> None:
    server.answer(APRIL, ranged(archive("2024-02", "2024-03", "2024-04")))
    progress: list[tuple[int, int]] = []
    paths = police(server, tmp_path / "new", progress=lambda *done: progress.append(done))
    assert [path.name for path in paths] == [f"{month}-derbyshire-street.csv" for month in MONTHS]
    assert paths[0].parent.name == "2024-03"
    assert paths[1].read_text().startswith("2024-04 derbyshire street\n")
    assert progress[-1][0] == progress[-1][1] > 0
    agent = server.requests[0][1]["User-Agent"]
    assert agent.startswith("patchmap/")


def test_an_archive_that_is_there_is_used_again(server: Server, tmp_path: Path) -> None:
    server.answer(APRIL, ranged(archive(*MONTHS)))
    police(server, tmp_path)
    police(server, tmp_path, force="west-midlands")
    assert len(server.requests) == 1
    assert "2024-04/2024-04-west-midlands-street.csv" in names(tmp_path)


def test_months_that_an_archive_no_longer_holds_come_from_an_earlier_one(
    server: Server, tmp_path: Path
) -> None:
    server.answer(APRIL, ranged(archive(*MONTHS)))
    server.answer("/data/archive/2020-02.zip", ranged(archive("2020-01", "2020-02")))
    paths = police(server, tmp_path, "2020-01", "2024-04", "2020-02")
    assert [path.parent.name for path in paths] == ["2020-01", "2020-02", "2024-04"]
    assert len(server.requests) == 2


def test_no_month_at_all_fetches_nothing(server: Server, tmp_path: Path) -> None:
    assert fetch_police_uk("derbyshire", [], tmp_path, address=server.address) == []
    assert server.requests == []


def test_a_download_that_breaks_off_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    content = archive(*MONTHS)
    server.answer(APRIL, ranged(content, cut=CUT))
    assert len(police(server, tmp_path)) == 2
    ranges = [headers.get("Range") for headers in server.headers_of(APRIL)]
    assert ranges[:3] == [None, "bytes=32768-", "bytes=65536-"]
    assert (tmp_path / "police-uk-2024-04.zip").read_bytes() == content
    assert not [name for name in names(tmp_path) if name.endswith((".part", ".tag", ".new"))]


def test_a_later_run_goes_on_where_the_first_gave_up(server: Server, tmp_path: Path) -> None:
    content = archive(*MONTHS)
    server.answer(APRIL, ranged(content, cut=CUT // 2))
    assert "stopped at 81,920 bytes; run this again" in refusal(police, server, tmp_path)
    assert server.slept == [1, 2, 4, 8, 16]
    assert names(tmp_path) == ["police-uk-2024-04.zip.part", "police-uk-2024-04.zip.tag"]
    server.answer(APRIL, ranged(content))
    police(server, tmp_path)
    assert server.headers_of(APRIL)[-1]["Range"] == "bytes=81920-"
    assert (tmp_path / "police-uk-2024-04.zip").read_bytes() == content


def test_a_run_that_broke_off_after_the_last_byte_is_whole(server: Server, tmp_path: Path) -> None:
    content = archive(*MONTHS)
    (tmp_path / "police-uk-2024-04.zip.part").write_bytes(content)
    (tmp_path / "police-uk-2024-04.zip.tag").write_text('"one"')
    server.answer(APRIL, ranged(content))
    assert len(police(server, tmp_path)) == 2
    assert len(server.requests) == 1


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(
    server: Server, tmp_path: Path
) -> None:
    first, second = archive(*MONTHS), archive("2024-02", *MONTHS)
    server.answer(APRIL, ranged(first, cut=CUT), ranged(second, etag='"two"'))
    police(server, tmp_path)
    assert (tmp_path / "police-uk-2024-04.zip").read_bytes() == second


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"weak"'}, {"ETag": '"one"'}])
def test_a_server_that_ignores_ranges_is_asked_from_the_start(
    headers: dict[str, str], server: Server, tmp_path: Path
) -> None:
    content = archive(*MONTHS)
    stated = {"Content-Length": str(len(content))}
    server.answer(APRIL, (200, headers | stated, content[:CUT]), (200, headers, content))
    police(server, tmp_path)
    assert (tmp_path / "police-uk-2024-04.zip").read_bytes() == content
    sent = "Range" in server.headers_of(APRIL)[1]
    assert sent == (headers == {"ETag": '"one"'})


def test_another_part_than_was_asked_for_is_not_taken(server: Server, tmp_path: Path) -> None:
    content = archive(*MONTHS)
    wrong = 206, {"Content-Range": f"bytes 7-{len(content) - 1}/{len(content)}"}, content[7:]
    server.answer(APRIL, ranged(content, cut=CUT), wrong, ranged(content))
    police(server, tmp_path)
    assert (tmp_path / "police-uk-2024-04.zip").read_bytes() == content


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_says_wait_is_waited_for(status: int, server: Server, tmp_path: Path) -> None:
    busy = status, {"Retry-After": "7"}, b""
    server.answer(APRIL, busy, (503, {}, b""), ranged(archive(*MONTHS)))
    police(server, tmp_path)
    assert server.slept == [7, 2]


def test_a_wait_until_a_date_is_kept(server: Server, tmp_path: Path) -> None:
    later = formatdate(usegmt=True, timeval=None)
    server.answer(
        APRIL, (429, {"Retry-After": later}, b""), (429, {"Retry-After": "soon"}, b""),
        ranged(archive(*MONTHS)),
    )  # fmt: skip
    police(server, tmp_path)
    assert server.slept == [0, 2]


def test_waits_are_bounded_in_length_and_number(server: Server, tmp_path: Path) -> None:
    server.answer(APRIL, (429, {"Retry-After": "3600"}, b""))
    assert "asks to wait 3,600 seconds; try again later" in refusal(police, server, tmp_path)
    server.answer(APRIL, (503, {}, b""))
    assert "is too busy (HTTP 503)" in refusal(police, server, tmp_path)
    assert server.slept == [1, 2, 4, 8, 16]


def test_a_month_that_is_not_published_says_what_to_do(server: Server, tmp_path: Path) -> None:
    line = refusal(police, server, tmp_path)
    assert "2024-04.zip does not exist, or not yet" in line
    assert "https://data.police.uk/data/archive/2024-04.zip by hand" in line
    server.answer(APRIL, (403, {}, b""))
    assert "is refused (HTTP 403)" in refusal(police, server, tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize("content", [b"<html>Sign in</html>", archive(*MONTHS)[:-30], b""])
def test_what_is_no_archive_is_not_kept(content: bytes, server: Server, tmp_path: Path) -> None:
    server.answer(APRIL, (200, {"ETag": '"x"'}, content))
    assert "2024-04.zip is not a zip archive" in refusal(police, server, tmp_path)
    assert names(tmp_path) == []


def test_a_force_or_month_that_is_missing_is_named(server: Server, tmp_path: Path) -> None:
    server.answer(APRIL, ranged(archive(*MONTHS, forces=("kent",))))
    line = refusal(police, server, tmp_path)
    assert "has no force derbyshire; it has: kent" in line
    gap = zipfile.ZipFile(tmp_path / "police-uk-2024-04.zip", "a")
    with gap:
        gap.writestr("2024-04/2024-04-derbyshire-street.csv", "x")
    line = refusal(police, server, tmp_path)
    assert "derbyshire published nothing for 2024-03; leave out" in line
    assert names(tmp_path) == ["police-uk-2024-04.zip"]


def test_a_damaged_archive_in_the_folder_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "police-uk-2024-04.zip").write_bytes(b"PK")
    assert "is damaged (File is not a zip file); delete it" in refusal(police, server, tmp_path)


def test_names_in_an_archive_are_never_paths(server: Server, tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as written:
        written.writestr("../../2024-04-derbyshire-street.csv", "x")
    server.answer(APRIL, ranged(content.getvalue()))
    (path,) = police(server, tmp_path / "in", "2024-04")
    assert path == tmp_path / "in/2024-04/2024-04-derbyshire-street.csv"
    assert not list(tmp_path.glob("*.csv"))


def test_too_large_a_file_is_not_fetched(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "LARGEST_FILE", 1000)
    server.answer(APRIL, ranged(archive(*MONTHS)))
    assert "2024-04.zip is larger than 1,000 bytes" in refusal(police, server, tmp_path)


@pytest.mark.parametrize("force", ["../x", "Derbyshire", "", "a b", "-"])
def test_what_is_no_force_is_refused_before_asking(force: str, server: Server, tmp_path: Path):
    assert "is not a force" in refusal(police, server, tmp_path, force=force)
    assert "is not a month" in refusal(police, server, tmp_path, "2024-13")
    assert server.requests == []


# Addresses


def test_redirects_are_followed_on_the_same_host(server: Server, tmp_path: Path) -> None:
    server.answer(APRIL, (302, {"Location": "/stored/april.zip"}, b""))
    server.answer("/stored/april.zip", ranged(archive(*MONTHS)))
    assert len(police(server, tmp_path)) == 2


@pytest.mark.parametrize(
    "location", ["http://localhost:1/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "//other/x"]
)
def test_redirects_elsewhere_are_not_followed(
    location: str, server: Server, tmp_path: Path
) -> None:
    server.answer(APRIL, (302, {"Location": location}, b""))
    assert "which is not secure" in refusal(police, server, tmp_path)


def test_redirects_without_an_end_are_not_followed(server: Server, tmp_path: Path) -> None:
    server.answer(APRIL, (301, {"Location": APRIL}, b""))
    assert "redirects too many times" in refusal(police, server, tmp_path)
    assert len(server.requests) == 5


@pytest.mark.parametrize("address", ["file:///etc", "ftp://x", "data.police.uk", "http://", ""])
def test_only_web_addresses_are_asked(address: str, tmp_path: Path) -> None:
    line = refusal(fetch_police_uk, "derbyshire", MONTHS, tmp_path, address=address)
    assert "is not a web address" in line


def test_without_a_network_one_line_says_what_to_download(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    line = refusal(fetch_police_uk, "derbyshire", MONTHS, tmp_path, address=nowhere)
    assert "127.0.0.1 cannot be reached (ConnectionError)" in line
    assert "download https://data.police.uk/data/archive/2024-04.zip by hand" in line
    line = refusal(fetch_layer, "wards-2025", "E06000015", tmp_path, address=nowhere)
    assert "download wards-2025 as GeoJSON by hand from https://geoportal.statistics.gov.uk" in line


def test_a_folder_that_cannot_be_made_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "cannot write to" in refusal(police, server, tmp_path / "file")
