"""Webhooks as Standard Webhooks has them; signatures are made here by the rule in its text, not by the client."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from hallway.client import WebhookRefused, verified
from tests.client.hub import event

NOW = 1_764_072_000
OLD, NEW = (f"whsec_{base64.b64encode(bytes([one]) * 32).decode()}" for one in (1, 2))


def signed(body: bytes, secret: str = NEW, at: int = NOW, own: str = "evt_7") -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mark = base64.b64encode(hmac.new(key, f"{own}.{at}.".encode() + body, hashlib.sha256).digest()).decode()
    return {"Webhook-Id": own, "Webhook-Timestamp": str(at), "Webhook-Signature": f"v1,{mark}"}


def body(kind: str = "member.deactivated", data: Any = None) -> bytes:
    return json.dumps({"type": kind, "timestamp": "2026-11-24T10:02:00Z", "data": data or event(7)}).encode()


def test_a_message_of_the_hub_is_an_event() -> None:
    found = verified(signed(body()), body(), (NEW,), NOW)
    assert (found.id, found.type) == ("evt_7", "member.deactivated")
    assert found.event is not None and found.event.member_after is not None


def test_the_example_of_the_standard_is_taken() -> None:
    # The values that the specification's own libraries are tested with.
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    with pytest.raises(WebhookRefused) as refused:
        verified(headers, b'{"test": 2432232314}', (secret,), 1614265330)
    assert refused.value.code == "wrong_shape", "the signature holds; what it signs is no event"


def test_either_secret_counts_while_one_replaces_the_other() -> None:
    for secret in (OLD, NEW):
        assert verified(signed(body(), secret), body(), (OLD, NEW), NOW).id == "evt_7"
    both = signed(body())
    both["Webhook-Signature"] = f"{signed(body(), OLD)['Webhook-Signature']} {both['Webhook-Signature']} v1a,AAAA"
    for secret in (OLD, NEW):
        assert verified(both, body(), (secret,), NOW).id == "evt_7"


def test_a_ping_is_no_event() -> None:
    found = verified(signed(body("ping")), body("ping"), (NEW,), NOW)
    assert (found.type, found.event) == ("ping", None)


@pytest.mark.parametrize("at", [NOW - 301, NOW + 301])
def test_a_message_of_another_time_refuses(at: int) -> None:
    with pytest.raises(WebhookRefused) as refused:
        verified(signed(body(), at=at), body(), (NEW,), NOW)
    assert refused.value.code == "wrong_timestamp"


@pytest.mark.parametrize("at", [NOW - 300, NOW + 300])
def test_clocks_may_differ_by_five_minutes(at: int) -> None:
    assert verified(signed(body(), at=at), body(), (NEW,), NOW).id == "evt_7"


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_each_header_is_needed(name: str) -> None:
    with pytest.raises(WebhookRefused, match=name.lower()):
        verified({**signed(body()), name: ""}, body(), (NEW,), NOW)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Webhook-Id": "evt_8"}, "wrong_signature"),
        ({"Webhook-Timestamp": str(NOW + 1)}, "wrong_signature"),
        ({"Webhook-Timestamp": "now"}, "wrong_timestamp"),
        ({"Webhook-Timestamp": "-1"}, "wrong_timestamp"),
        ({"Webhook-Timestamp": "٣"}, "wrong_timestamp"),
        ({"Webhook-Timestamp": "9" * 5000}, "wrong_timestamp"),
        ({"Webhook-Signature": "v1,AAAA"}, "wrong_signature"),
        ({"Webhook-Signature": "v1,"}, "wrong_signature"),
        ({"Webhook-Signature": "v1,not base64!"}, "wrong_signature"),
        ({"Webhook-Signature": "v1"}, "wrong_signature"),
    ],
)
def test_a_message_that_was_changed_refuses(changes: dict[str, str], code: str) -> None:
    with pytest.raises(WebhookRefused) as refused:
        verified({**signed(body()), **changes}, body(), (NEW,), NOW)
    assert refused.value.code == code


def test_every_octet_of_the_body_is_signed() -> None:
    for changed in (body() + b" ", body()[:-1], body().replace(b"deactivated", b"reactivated")):
        with pytest.raises(WebhookRefused):
            verified(signed(body()), changed, (NEW,), NOW)


def test_a_signature_of_another_version_does_not_count() -> None:
    headers = signed(body())
    headers["Webhook-Signature"] = headers["Webhook-Signature"].replace("v1,", "v2,")
    with pytest.raises(WebhookRefused):
        verified(headers, body(), (NEW,), NOW)


def test_a_signature_behind_very_many_others_is_not_looked_for() -> None:
    headers = signed(body())
    headers["Webhook-Signature"] = "v1,AAAA " * 16 + headers["Webhook-Signature"]
    with pytest.raises(WebhookRefused):
        verified(headers, body(), (NEW,), NOW)


@pytest.mark.parametrize("octets", [b"", b"[]", b"{", b'{"type": "member.added"}', b'{"type": 1, "data": {}}'])
def test_what_is_signed_and_no_event_refuses(octets: bytes) -> None:
    with pytest.raises(WebhookRefused) as refused:
        verified(signed(octets), octets, (NEW,), NOW)
    assert refused.value.code == "wrong_shape"


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_not base64",), ("whsec_AAAA",)])
def test_a_secret_that_is_none_is_the_applications_own_mistake(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret"):
        verified(signed(body()), body(), secrets, NOW)
