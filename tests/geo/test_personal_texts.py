"""Texts that look personal, in the forms in which people write them, and others like them."""

import pytest

from geo.personal_texts import (
    contact_text,
    personal_part,
    personal_text,
    written_personal_text,
)

PERSONAL = {
    "a telephone number": (
        "call 01332 293111", "(01332) 293111", "01332-293-111", "+44 (0)1332 293111",
        "+44 1332 293111", "0044 1332 293111", "+441332293111", "ring 07700 900123 after six",
        "07700900123", "07700 900 123", "07700-900-123", "020 7946 0958", "(020) 7946 0958",
        "0117 496 0123", "0161 4960 123", "01332 293 111 (evenings)", "tel 01632 960001",
        "Tel:01632 960001", "mobile 07700.900.123", "0800 111 444 from 2024-01-05",
        "On 2024-01-05 call 01632 960001", "01632 960001 2 times", "case 07700 900123",
        "ref 07700900123", "ring 01632 960001, ref 4500", "07700 90 01 23", "03456 000 111",
        "0845 496 0001", "call (01632)960001", "016977 2345", "mobile07700900123",
        "Phone07700900123", "0 7700 900 123", "ring 0121-2345 678 now", "order 01632960983",
        "telephone01632 960001", "ref: 02079460958", "0121-2345 678", "0 1632 960 983",
    ),
    "a person's name": (
        "Ask Mr Smith", "Mrs. Jones", "speak to Dr Patel", "PC Green knows the place",
        "Cllr O'Brien asked", "Ms Anna Green reported noise", "Miss Lane", "Mx Taylor",
        "PCSO Khan to visit", "Dr Hill’s surgery", "mr Smith", "Mrs Park", "Mr House",
        "seen by Mr A Brown", "Mr Walker's shop", "Miss Monroe", "MRS Smith", "Cllr. Begum",
        "Mr and Mrs Shah", "Dr Way", "PC 1234 and PC Wells",
        "Miss April Jones asked", "Miss May Green", "Ms Access Green", "Mrs Green Close to shop",
        "Miss June O'Hara", "Mr Brown Close by the bins",
    ),
    "an e-mail address": (
        "a.b@council.gov.uk", "write to a.b@example.org", "first+tag@mail.example.com, please",
        "<me@my-house.co.uk>",
    ),
    "a national insurance number": (
        "AB 12 34 56 C", "AB123456C", "ab123456c", "NI AB12 3456 C", "QQ 12 34 56 C",
    ),
    "a date of birth": ("DOB 1980", "date of birth: 1 May 1980", "born on 1 May", "dob 01/05/80"),
}  # fmt: skip

PLAIN = (
    # Days and times.
    "2024-01-05 2024-02-01", "2024-01-05 12:30", "07-01-2024 - 09-01-2024", "2024-01 2024-02",
    "from 2024-01-05 to 2024-02-01", "2024-01-05/2024-02-01", "05/01/2024 06/01/2024",
    "05.01.2024-06.01.2024", "05 01 2024 06 01 2024", "01/02/24 03/04/24", "0800-1600 0900-1700",
    "0730-1900 08.00", "08:00-17:00 2024-01-05", "07.30-19.00 08.00-20.00", "2023-04/2024-03",
    "on 12 05 24 a van", "at 10 30 45 a light went out",
    # Places and grids.
    "SK 03512 03610", "SK0351203610", "E 043512 N 033610", "easting: 0435120 northing: 0336100",
    "-1.4746,52.9219", "52.0123456789", "p150:43512:33610", "h150:3:-2", "D05000001@wards",
    "squares 01 02 03 04 05 06",
    # Money and numbers of things.
    "£01,332,293,111", "£0123456789", "order 4500012", "order no. 0450012345", "ref 0123456789",
    "UPRN 010012345678", "invoice #0133229311", "log 0012 of 2024-01-05", "CRN/0133229311",
    "A0133229311", "1,012,345 people", "0.5 h in 2024", "lamp column 0123", "bus 0133", "999",
    "grant of 250 000 000 pounds", "0 to 100 200 300 400", "ward codes 05000001 05000002",
    # Streets and buildings that are named after people.
    "Dr Smith Way", "Lights in Dr Smith Way", "Dr Martin Luther King Way", "Mr Toad Road",
    "Mrs Pankhurst Avenue", "Dr Fox Close", "Dr Barnardo Square", "Dr Gray's Hospital",
    "Mrs Gaskell School", "Miss Nightingale Gardens", "Cllr Brown Memorial bench",
    "on Maple Dr North end", "litter at Elm Dr Car Park",
    # Words that are also titles.
    "Dr", "drainage 2025", "ref 2024", "Miss-shaped kerb", "PC lab", "PC World car park",
    "MS Teams call", "do not miss Monday", "we miss Ward meetings", "PCSO patrols on Fridays",
    "do not miss April", "we miss May Day", "do not miss May in the park", "MS Access file",
    "bins in Dr Green Close", "0121-2345 is a shift", "0730-1900 365 days", "0 to 1200 metres",
    "0 100 200 300 400", "reference 01632 of 2024", "UPRN 10010457355",
)  # fmt: skip
"""Days, places, numbers of things, streets: nobody is named."""


@pytest.mark.parametrize(
    ("text", "what"), [(text, what) for what, texts in PERSONAL.items() for text in texts]
)
def test_what_leads_to_a_person_is_found(text: str, what: str) -> None:
    assert personal_text(text) == what


@pytest.mark.parametrize("text", PLAIN)
def test_what_names_nobody_is_not(text: str) -> None:
    assert personal_text(text) == ""
    assert contact_text(text) == ""


def test_of_the_table_every_text_is_told_right(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the table only: texts of real life have names in more forms than any table."""
    personal = [text for texts in PERSONAL.values() for text in texts]
    assert min(len(personal), len(PLAIN)) >= 60
    true, false = (sum(bool(personal_text(text)) for text in own) for own in (personal, PLAIN))
    precision, recall = true / (true + false), true / len(personal)
    with capsys.disabled():
        print(f"\npersonal texts: precision {precision:.3f}, recall {recall:.3f}")  # noqa: T201
    assert (precision, recall) == (1, 1)


FULL_NAMES = (
    "Visit John Smith", "John Smith asked for lights", "letter to Mary O'Brien", "Ask Mohammed Ali",
    "seen by Priya Patel, twice", "Sarah J Jones", "Mary Ann Evans", "VISIT JOHN SMITH",
    "Visit Mrs and Peter Walker", "Talk with Anna Kowalska", "David Wood rang", "Jane Green",
    "speak to Peter Hill", "Tenant Karen Baker", "Near the shop: Paul Young",
)  # fmt: skip
NAMED_AFTER_PEOPLE = (
    "John Smith Way", "Lights in John Smith Way", "Victoria Road", "St Peter", "St John Ambulance",
    "St. Peter Port", "Queen Elizabeth Gate", "King George Playing Fields", "Charlotte Street",
    "Prince Charles Avenue", "Mary Seacole House", "Robert Owen Community Centre", "James Street",
    "Thomas Arms", "Elizabeth Court, back gate", "Martin Luther King Way", "The John Snow",
    "litter at Margaret Green", "around Harriet Hill", "John Lewis car park", "William Hill",
    "Ask John", "Smith's yard", "Monday Karen On Tuesday", "Victoria Park and Albert Dock",
    "George Hotel", "Charlotte and Albert Streets", "Harry Ramsden's corner", "Grace Church Lane",
)  # fmt: skip


@pytest.mark.parametrize("text", FULL_NAMES)
def test_full_names_are_found_where_their_writer_can_answer(text: str) -> None:
    assert written_personal_text(text) == "a person's name"


@pytest.mark.parametrize("text", [*PLAIN, *NAMED_AFTER_PEOPLE])
def test_places_named_after_people_are_not(text: str) -> None:
    assert written_personal_text(text) == ""


@pytest.mark.parametrize("text", ["14 Dr Smith Way", "visit 14 Dr Smith Way"])
def test_a_house_in_such_a_street_is_still_an_address(text: str) -> None:
    assert personal_part(text) == "an address of a home"
