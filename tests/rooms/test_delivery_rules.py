"""The rules of delivering that need no store: when again, what an answer asks for, signatures, places."""

import base64
import hmac
from hashlib import sha256
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.delivery.model import Endpoint, EndpointState
from hallway.delivery.places import AT_EACH, IN_ALL, Places
from hallway.delivery.ports import Verdict, usual_verdict
from hallway.delivery.schedule import GIVEN_UP, HOUR, MOST_ASKED, SECOND, SILENT, WAITS, next_try, retry_after
from hallway.delivery.signature import SigningSecret, packed, signed_headers, unpacked
from hallway.hub.events.model import TOLD_TYPES
from hallway.hub.webhooks.messages import chosen_types, names
from hallway.hub.webhooks.switching_off import letter
from hallway.ids import EndpointId, OrganizationId
from hallway.outbound import Answer

NOW = 1_700_000_000_000_000


@given(st.integers(1, len(WAITS)), st.floats(0, 1))
def test_a_pause_is_that_of_the_table_or_a_fifth_longer(tries: int, chance: float) -> None:
    due_at = next_try(tries, NOW, NOW, 0, chance)
    assert due_at is not None and WAITS[tries - 1] <= due_at - NOW <= WAITS[tries - 1] * 1.2


def test_twelve_attempts_take_three_days() -> None:
    assert len(WAITS) == 11 and 71 * HOUR < sum(WAITS) == SILENT < 72 * HOUR < GIVEN_UP
    assert next_try(12, NOW, NOW, 0, 0) is None
    assert list(WAITS) == sorted(WAITS) and list(accumulate(WAITS))[3] < HOUR // 4


def test_who_asks_for_longer_pauses_gets_them_up_to_four_days() -> None:
    since = now = NOW
    tries = 0
    while True:
        tries += 1
        due_at = next_try(tries, since, now, 999 * HOUR, 0)
        if due_at is None:
            break
        assert due_at - now == MOST_ASKED
        now = due_at
    assert tries == 5 and now - since == 4 * MOST_ASKED == GIVEN_UP


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0), ("120", 120 * SECOND), (" 7 ", 7 * SECOND), ("", 0), ("soon", 0), ("-5", 0), ("1.5", 0), ("١٢", 0),
        ("9" * 20, 0),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10 * SECOND), ("Tue, 14 Nov 2023 22:13:10 GMT", 0),
        ("Tue, 14 Nov 2023 22:13:30 -0000", 10 * SECOND), ("Tue, 32 Nov 2023 22:13:30 GMT", 0),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(text: str, expected: int) -> None:
    assert retry_after({"retry-after": text}, NOW) == expected


@given(st.text())
def test_any_retry_after_is_a_pause_or_none(text: str) -> None:
    assert retry_after({"retry-after": text}, NOW) >= 0
    assert retry_after({}, NOW) == 0


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, Verdict.TAKEN), (204, Verdict.TAKEN), (299, Verdict.TAKEN), (410, Verdict.GONE)]
    + [(status, Verdict.AGAIN) for status in (199, 300, 304, 400, 401, 404, 409, 413, 429, 500, 503)],
)
def test_any_2xx_counts_and_410_ends(status: int, verdict: Verdict) -> None:
    assert usual_verdict(Answer(status, {}, b"", "")) is verdict


def test_what_is_signed_is_id_instant_and_body() -> None:
    secret = SigningSecret(b"k" * 32, 1)
    headers = dict(signed_headers("evt_1", 1700000000, b'{"a":1}', [secret]))
    expected = base64.b64encode(hmac.new(b"k" * 32, b'evt_1.1700000000.{"a":1}', sha256).digest()).decode()
    assert headers == {
        "webhook-id": "evt_1", "webhook-timestamp": "1700000000", "webhook-signature": f"v1,{expected}",
    }  # fmt: skip
    assert secret.text == "whsec_" + base64.b64encode(b"k" * 32).decode()
    assert "kkk" not in repr(secret)


def test_secrets_come_back_as_they_were_packed() -> None:
    kept = (SigningSecret(b"\x00\xff" * 16, 5), SigningSecret(b"o" * 32, 3, 9))
    assert unpacked(packed(kept)) == kept
    assert [kept[1].signs(at) for at in (8, 9)] == [True, False]


def test_patterns_name_types() -> None:
    assert names("member.*", "member.removed") and names("member.removed", "member.removed")
    assert not names("member.*", "membership.removed") and not names("member", "member.removed")
    assert chosen_types(()) == ()
    assert set(chosen_types(["token.*", "organization.deleted"])) == {
        *(one for one in TOLD_TYPES if one.startswith("token.")), "organization.deleted",
    }  # fmt: skip
    assert chosen_types(["vanished.type"]) == {"vanished.type"}, "a type that is gone is not everything"


def test_no_endpoint_has_more_than_its_places_and_a_failing_one_has_one() -> None:
    places, one, other = Places(), EndpointId(b"1" * 16), EndpointId(b"2" * 16)
    assert [places.take(one) for _ in range(AT_EACH + 1)] == [True] * AT_EACH + [False]
    assert places.take(other)
    for _ in range(AT_EACH):
        places.release(one)
    places.came_out(one, well=False)
    assert [places.take(one), places.take(one)] == [True, False]
    places.came_out(one, well=True)
    assert places.take(one)
    many = [EndpointId(bytes([n]) * 16) for n in range(100)]
    assert sum(places.take(each) for each in many) == IN_ALL - 3
    assert places.are_full and not places.take(other)


def test_the_mail_says_what_is_off_and_how_to_switch_it_on() -> None:
    endpoint = Endpoint(
        OrganizationId(bytes(16)), EndpointId(b"\x01" * 16), "webhook", "https://a.example/", EndpointState.OFF, 1, b"",
        reason="It took nothing for three days.", succeeded_at=NOW,
    )  # fmt: skip
    subject, text = letter(endpoint, "https://hub.example")
    assert "https://a.example/" in subject and "hallway hub webhook enable hook_" + "01" * 16 in text
    assert "2023-11-14 22:13 UTC" in text and endpoint.reason in text
