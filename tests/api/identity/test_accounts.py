"""Users, sessions, keys and attempts: what each lets in, and until when."""

from __future__ import annotations

import base64
from dataclasses import replace
from unittest import mock

import pytest

from api.identity.attempts import MOST_FOR_NAME, MOST_FOR_PAIR, Attempts, TooManyAttemptsError
from api.identity.identity import AreaScope
from api.identity.keys import Keys, narrowed, presented_key
from api.identity.passwords import Passwords, check_password
from api.identity.roles import Role
from api.identity.sessions import Sessions, SignIn
from api.identity.users import User, Users, areas_of, roles_of, user_name_of
from geo.errors import ConflictError, InputError, NotFoundError
from geo.store.records import Records
from tests.api.identity.conftest import CHEAP, Watch

WORDS = "purple kettle ladder"
ANALYST = User("ann", (Role.ANALYST,))
OFFICER = User("ben", (Role.OFFICER,), AreaScope("wards", ("A",)))


def made(records: Records, watch: Watch) -> tuple[Users, Sessions, SignIn]:
    users, sessions = Users(records, CHEAP, watch), Sessions(records, watch)
    users.add(ANALYST, password=WORDS, by="root")
    return users, sessions, SignIn(users, sessions, Attempts(records, watch))


def test_a_user_signs_in_and_is_known_until_they_sign_out(records: Records, watch: Watch) -> None:
    users, sessions, sign_in = made(records, watch)
    users.add(OFFICER, password=WORDS, by="root")
    token = sign_in(" Ben ", WORDS, address="::1")
    identity = sessions.identify(token)
    assert identity
    assert (identity.name, identity.roles, identity.areas) == (
        "ben", {Role.OFFICER}, AreaScope("wards", ("A",)),
    )  # fmt: skip
    sessions.end(token)
    assert sessions.identify(token) is None


def test_a_session_ends_by_itself(file_records: Records, watch: Watch) -> None:
    _, sessions, sign_in = made(file_records, watch)
    idle = sign_in("ann", WORDS, address="::1")
    watch.wait(minutes=31)
    assert sessions.identify(idle) is None
    busy = sign_in("ann", WORDS, address="::1")
    for _ in range(19):  # 7 hours and 55 minutes
        watch.wait(minutes=25)
        assert sessions.identify(busy)
    watch.wait(minutes=6)
    assert sessions.identify(busy) is None


@pytest.mark.parametrize("change", ["password", "disabled"])
def test_a_change_of_the_user_ends_their_sessions(
    file_records: Records, watch: Watch, change: str
) -> None:
    users, sessions, sign_in = made(file_records, watch)
    token = sign_in("ann", WORDS, address="::1")
    if change == "password":
        users.set_password("ann", "another three words")
    else:
        users.set_disabled("ann", disabled=True)
    assert sessions.identify(token) is None
    with pytest.raises(InputError, match="is wrong"):
        sign_in("ann", WORDS, address="::1")


def test_each_sign_in_has_a_new_token_and_ends_the_session_before_it(
    file_records: Records, watch: Watch
) -> None:
    _, sessions, sign_in = made(file_records, watch)
    first = sign_in("ann", WORDS, address="::1", earlier="planted")
    second = sign_in("ann", WORDS, address="::1", earlier=first)
    assert sessions.identify(first) is None
    assert sessions.identify(second)
    assert sessions.identify("planted") is None


def test_the_records_hold_no_token_and_no_password(file_records: Records, watch: Watch) -> None:
    _, _, sign_in = made(file_records, watch)
    token = sign_in("ann", WORDS, address="::1")
    _, secret = Keys(file_records, watch).add("QGIS", ANALYST)
    rows = [
        row
        for table in ("users", "sessions", "keys", "attempts")
        for row in file_records.rows(f"SELECT * FROM patchmap_{table}")
    ]
    assert not any(text in repr(rows) for text in (token, secret, WORDS))


@pytest.mark.parametrize("name", ["ann", "nobody", "elsewhere", "locked-out"])
def test_whoever_is_tried_one_hash_is_verified(
    file_records: Records, watch: Watch, name: str
) -> None:
    users, _, sign_in = made(file_records, watch)
    users.add(replace(ANALYST, name="elsewhere"), password=None, by="root")
    users.add(replace(ANALYST, name="locked-out"), password=WORDS, by="root")
    users.set_disabled("locked-out", disabled=True)
    with (
        mock.patch.object(
            type(CHEAP._hasher), "verify", side_effect=CHEAP._hasher.verify
        ) as verify,
        pytest.raises(InputError, match="the user name or the password is wrong"),
    ):
        sign_in(name, "purple kettle laddeR", address="::1")
    assert verify.call_count == 1


@pytest.mark.parametrize("header", ["Basic é", "Basic =", "Basic /w==", "Basic", "", "é"])
def test_a_header_that_holds_no_key_is_none(header: str) -> None:
    assert presented_key(header) is None


def test_attempts_are_counted_for_a_name_and_an_address(records: Records, watch: Watch) -> None:
    _, _, sign_in = made(records, watch)
    for _ in range(MOST_FOR_PAIR):
        with pytest.raises(InputError):
            sign_in("ann", "wrong", address="192.0.2.1")
    watch.wait(minutes=5)
    with pytest.raises(TooManyAttemptsError, match="in 10 minutes") as refused:
        sign_in("ann", WORDS, address="192.0.2.1")
    assert refused.value.seconds == 600
    # A colleague in the same office, and the user herself elsewhere, are not locked out.
    assert sign_in("ann", WORDS, address="192.0.2.2")
    with pytest.raises(InputError, match="is wrong"):
        sign_in("ben", "wrong", address="192.0.2.1")
    watch.wait(minutes=11)
    assert sign_in("ann", WORDS, address="192.0.2.1")


def test_who_succeeds_uses_up_no_attempts_of_others(records: Records, watch: Watch) -> None:
    attempts = Attempts(records, watch)
    for _ in range(MOST_FOR_NAME - 1):
        attempts.begin("ann", f"192.0.2.{_}")
    for _ in range(3):  # in the second in which others fail
        attempts.succeed("ann", "192.0.2.250", attempts.begin("ann", "192.0.2.250"))
    attempts.begin("ann", "192.0.2.251")
    with pytest.raises(TooManyAttemptsError):
        attempts.begin("ann", "192.0.2.252")


def test_all_addresses_of_one_ipv6_subscriber_count_as_one(
    file_records: Records, watch: Watch
) -> None:
    attempts = Attempts(file_records, watch)
    for number in range(MOST_FOR_PAIR):
        attempts.begin("ann", f"2001:db8:0:7:{number}::1")
    with pytest.raises(TooManyAttemptsError):
        attempts.begin("ann", "2001:db8:0:7:ffff:1:2:3")
    attempts.begin("ann", "2001:db8:0:8::1")
    for address in ("192.0.2.1", "::ffff:192.0.2.1"):  # one and the same, written in two ways
        attempts.begin("ann", address)
    for _ in range(MOST_FOR_PAIR - 2):
        attempts.begin("ann", "192.0.2.1")
    with pytest.raises(TooManyAttemptsError):
        attempts.begin("ann", "::ffff:192.0.2.1")


def test_a_key_opens_until_it_expires_or_is_revoked(records: Records, watch: Watch) -> None:
    keys = Keys(records, watch)
    key, secret = keys.add("Power BI", ANALYST, "2026-03-10")
    identity = keys.identify(secret)
    assert identity
    assert (identity.name, identity.way) == ("ann (key Power BI)", "key")
    assert keys.all("ann")[0].used_at == "2026-03-01T09:00:00Z"
    assert keys.identify(secret[:-1]) is None
    with pytest.raises(NotFoundError):
        keys.revoke(key.key_id, owner="ben")
    watch.wait(days=9)
    assert keys.identify(secret)
    keys.revoke(key.key_id, owner="ann")
    assert keys.identify(secret) is None
    _, secret = keys.add("again", ANALYST, "1d")
    watch.wait(days=1)
    assert keys.identify(secret) is None


def test_a_key_may_no_more_than_its_owner_may_today(records: Records, watch: Watch) -> None:
    users, _, _ = made(records, watch)
    keys = Keys(records, watch)
    with pytest.raises(InputError, match="no more than its owner"):
        narrowed(ANALYST, [Role.ADMIN])
    _, secret = keys.add("QGIS", ANALYST)
    users.change("ann", (Role.OFFICER, Role.ANALYST), AreaScope("wards", ("B",)))
    identity = keys.identify(secret)
    assert identity
    assert (identity.roles, identity.areas) == ({Role.ANALYST}, AreaScope("wards", ("B",)))
    users.change("ann", (Role.VIEWER,), None)
    identity = keys.identify(secret)
    assert identity
    assert identity.roles == {Role.PUBLIC}
    users.set_disabled("ann", disabled=True)
    assert keys.identify(secret) is None


def test_a_key_is_a_password_of_basic_or_a_bearer_token() -> None:
    basic = base64.b64encode(b"any:patchmap_x:y").decode()
    assert presented_key(f"Basic {basic}") == "patchmap_x:y"
    assert presented_key("bearer patchmap_x") == "patchmap_x"
    password = base64.b64encode(b"ann:purple kettle ladder").decode()
    for header in (f"Basic {password}", "Basic %", "Digest patchmap_x", "Bearer", ""):
        assert presented_key(header) is None


@pytest.mark.parametrize(
    ("password", "message"),
    [("short", "12 to 256"), ("x" * 257, "12 to 256"), ("ann.jones.annann", "easy to guess")],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_password(password, name="ann.jones")


def test_a_password_is_the_same_by_any_keyboard() -> None:
    assert CHEAP.verify(CHEAP.hash("caf\N{LATIN SMALL LETTER E WITH ACUTE}"), "cafe\u0301")
    assert Passwords()._cost == {}, "a service hashes at the cost that argon2 recommends"


def test_what_is_no_user_is_refused(file_records: Records, watch: Watch) -> None:
    users, _, _ = made(file_records, watch)
    with pytest.raises(ConflictError, match="already"):
        users.add(ANALYST, password=WORDS, by="root")
    with pytest.raises(InputError, match="own areas only"):
        users.add(User("ben", (Role.OFFICER,)), password=WORDS, by="root")
    with pytest.raises(NotFoundError):
        users.set_disabled("nobody", disabled=True)
    for text in ("", "a b", "<i>", "é"):
        with pytest.raises(InputError, match="user name"):
            user_name_of(text)
    for names in ([], ["public"], ["root"]):
        with pytest.raises(InputError, match="choose viewer, officer"):
            roles_of(names)
    with pytest.raises(InputError, match="layer:code"):
        areas_of("wards")
    assert areas_of("wards: B,A") == AreaScope("wards", ("A", "B"))
