"""Outputs appear whole or not at all, and only files are replaced."""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.errors import DiskFullError, InputError, StoreError
from geo.output import Output, OutputFolder, destination, write_text
from tests.disks import fill, small_disk
from tests.nobody import as_nobody, folder_open_to_all


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(path: Path, kind: type[Exception] = StoreError) -> str:
    with pytest.raises(kind) as refused:
        write_text(path, "new")
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "your share of the disk is used up")],
)
def test_a_writer_that_fails_leaves_the_earlier_file_and_nothing_else(tmp_path, number, reason):
    path = tmp_path / "a.csv"
    write_text(path, "earlier")
    full = pytest.raises(DiskFullError, match=rf"a\.csv cannot be written: {reason}")
    with full, Output(path) as part:
        part.write_text("half")
        raise OSError(number, os.strerror(number), str(part))
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_errors_name_the_output_and_not_its_temporary_file(tmp_path):
    path = tmp_path / "a.gpkg"
    with pytest.raises(StoreError) as refused, Output(path) as part:
        raise StoreError(f"the store {part} cannot be used")
    assert str(refused.value) == f"the store {path} cannot be used"


def test_of_a_link_the_target_is_written_and_the_link_stays(tmp_path):
    (tmp_path / "there").mkdir()
    link, target = tmp_path / "link.csv", tmp_path / "there" / "real.csv"
    link.symlink_to("there/real.csv")
    for text in ("dangling", "written again"):
        write_text(link, text)
        assert (target.read_text(), link.readlink()) == (text, Path("there/real.csv"))
    assert list((tmp_path / "there").iterdir()) == [target]


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "links lead in a circle" in refusal(tmp_path / "a")


def test_a_fifo_is_written_through_and_stays_one(tmp_path):
    pipe, received = tmp_path / "pipe.csv", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "rows")
    reader.join()
    assert received == ["rows"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("name", ["null", "full"])
def test_a_device_is_written_through_and_stays_one(name):
    device = Path("/dev", name)
    before = device.stat()
    if name == "null":
        write_text(device, "gone")
    else:
        assert "the disk is full" in refusal(device, DiskFullError)
    after = device.stat()
    assert (after.st_ino, after.st_rdev, after.st_mode) == (
        before.st_ino,
        before.st_rdev,
        before.st_mode,
    )


def test_an_open_descriptor_is_written_where_it_stands(tmp_path):
    path = tmp_path / "all.txt"
    with path.open("wb", buffering=0) as stream:
        stream.write(b"before ")
        name = Path(f"/dev/fd/{stream.fileno()}")
        write_text(name, "output")
        stream.write(b" after")
    assert path.read_text() == "before output after"
    assert destination(Path("/dev/stdout")).is_stdout


def test_what_is_no_file_is_refused(tmp_path):
    assert "is a folder" in refusal(tmp_path, InputError)
    assert "there is no folder" in refusal(tmp_path / "no" / "a.csv", InputError)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert "is a socket" in refusal(tmp_path / "s", InputError)
    assert list(tmp_path.iterdir()) == [tmp_path / "s"]


def test_a_folder_without_permission_is_refused_before_anything_is_made():
    with folder_open_to_all() as folder:
        folder.chmod(0o555)
        text = as_nobody(lambda: write_text(folder / "a.csv", "new"))
        assert text.startswith(f"StoreError: {folder}/a.csv cannot be written: you have no permis")
        assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("umask")
def test_modes_are_what_users_expect(tmp_path):
    shared, own, closed = (tmp_path / name for name in ("shared", "own", "closed"))
    write_text(shared, "")
    with Output(own, private=True) as part:
        part.touch()
        assert mode(part.parent) == 0o700
    closed.touch(mode=0o640)
    write_text(closed, "")
    assert [mode(path) for path in (shared, own, closed)] == [0o644, 0o600, 0o640]


def test_on_a_full_disk_nothing_is_left(tmp_path):
    with small_disk(tmp_path / "small", megabytes=1) as disk:
        ballast = fill(disk, leave=8192)
        with pytest.raises(DiskFullError, match=r"big\.csv cannot be written: the disk is full"):
            write_text(disk / "big.csv", "x" * 100_000)
        assert list(disk.iterdir()) == [ballast]


def test_a_folder_of_outputs_is_as_before_when_one_of_them_fails(tmp_path):
    (tmp_path / "kept.csv").write_text("earlier")
    (tmp_path / "folder").mkdir()
    outputs = OutputFolder(tmp_path)

    def write_all() -> None:
        with outputs:
            for name in ("kept.csv", "below/further/a.csv", "b.csv", "folder"):
                outputs.write(name, "new")

    with pytest.raises(InputError, match="name a file to write"):
        write_all()
    assert {path.name for path in tmp_path.iterdir()} == {"kept.csv", "folder"}


def test_a_folder_of_outputs_names_what_it_holds(tmp_path):
    with OutputFolder(tmp_path / "new") as outputs:
        outputs.write("a.csv", "a")
        outputs.write("below/b.csv", "b")
    assert outputs.written == [tmp_path / "new/a.csv", tmp_path / "new/below/b.csv"]
    assert (tmp_path / "new/below/b.csv").read_text() == "b"
