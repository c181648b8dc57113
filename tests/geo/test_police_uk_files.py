"""Where street-level files are result: folders, archives, single files, and what they cover."""

import zipfile
from pathlib import Path

import pytest

from geo.errors import InputError
from geo.sources.police_uk import read_police_uk
from tests.geo.street_files import NAME, read_one, row, street_file, write


def test_a_folder_is_read_month_by_month(tmp_path, projection):
    for month in ("2024-02", "2024-01"):
        write(tmp_path, row(month=month), name=f"{month}/{month}-derbyshire-street.csv")
        write(tmp_path, "x", name=f"{month}/{month}-derbyshire-outcomes.csv")
    result = list(read_police_uk(tmp_path, projection))
    assert [part.month for part in result] == ["2024-01", "2024-02"]


def archive(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return path


def test_an_archive_is_read_without_what_is_no_street_file(tmp_path, projection):
    files = {
        "2024-01/": b"",
        f"2024-01/{NAME}": street_file(row()),
        "2024-01/2024-01-derbyshire-outcomes.csv": b"anything",
        "2024-01/2024-01-derbyshire-stop-and-search.csv": b"anything",
        f"__MACOSX/2024-01/._{NAME}": b"\0\0",
        "README.txt": b"hello",
    }
    result = read_one(archive(tmp_path / "a.zip", **files), projection)
    assert result.file == NAME


def test_a_month_that_is_there_twice_is_refused_with_both_names(tmp_path, projection):
    files = {f"one/{NAME}": street_file(row()), f"two/{NAME}": street_file(row())}
    with pytest.raises(InputError, match=r"a\.zip holds 2024-01 of derbyshire twice: .* and"):
        list(read_police_uk(archive(tmp_path / "a.zip", **files), projection))


def test_an_archive_without_street_files_is_refused(tmp_path, projection):
    path = archive(tmp_path / "a.zip", **{"README.txt": b"hello"})
    with pytest.raises(InputError, match=r"a\.zip holds no street-level file \(YYYY-MM-FORCE"):
        list(read_police_uk(path, projection))


@pytest.mark.parametrize("at", [60, 120, 200])
def test_a_damaged_archive_is_refused(at, tmp_path, projection):
    rows = [row(crime_id=str(i**9)) for i in range(100)]
    path = archive(tmp_path / "a.zip", **{NAME: street_file(*rows)})
    content = bytearray(path.read_bytes())
    content[at : at + 20] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.zip is a damaged zip archive"):
        list(read_police_uk(path, projection))


def test_an_archive_that_was_cut_short_is_refused_as_damaged(tmp_path, projection):
    path = archive(tmp_path / "a.zip", **{NAME: street_file(row())})
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(InputError, match=r"a\.zip is a damaged zip archive"):
        list(read_police_uk(path, projection))


def test_an_archive_under_a_password_is_refused(tmp_path, projection):
    path = archive(tmp_path / "a.zip", **{NAME: street_file(row())})
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag of the entry, then that of the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.zip"):
        list(read_police_uk(path, projection))


def test_a_name_that_says_nothing_is_refused_with_the_way_out(tmp_path, projection):
    path = write(tmp_path, row(), name="export.csv")
    with pytest.raises(InputError, match=r"export\.csv does not name .* --partition FORCE:YYYY-MM"):
        list(read_police_uk(path, projection))


def test_the_partition_can_be_said_beside_the_file(tmp_path, projection):
    path = write(tmp_path, row(), name="export.csv")
    result = read_one(path, projection, partition="derbyshire:2024-01")
    assert result.partition_id == "police.uk/derbyshire/2024-01"


def test_a_force_has_one_name_however_it_is_written(tmp_path, projection):
    path = write(tmp_path, row(), name="export.csv")
    result = read_one(path, projection, partition="Derbyshire:2024-01")
    assert result.partition_id == "police.uk/derbyshire/2024-01"


@pytest.mark.parametrize(
    ("partition", "message"),
    [
        ("2024-01", "--partition '2024-01': write it as derbyshire:2024-01"),
        ("derbyshire:2024-13", "'2024-13' is not a month"),
        ("derbyshire:January", "'January' is not a month"),
    ],
)
def test_a_partition_that_cannot_be_read_is_refused(partition, message, tmp_path, projection):
    path = write(tmp_path, row(), name="export.csv")
    with pytest.raises(InputError, match=message):
        read_one(path, projection, partition=partition)


def test_a_file_named_after_no_month_is_refused(tmp_path, projection):
    path = write(tmp_path, row(), name="2024-13-derbyshire-street.csv")
    with pytest.raises(InputError, match="'2024-13' is not a month"):
        list(read_police_uk(path, projection))


def test_a_path_that_is_not_there_is_refused(tmp_path, projection):
    with pytest.raises(InputError, match=NAME):
        list(read_police_uk(tmp_path / NAME, projection))
