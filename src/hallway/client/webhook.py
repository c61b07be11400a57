"""Messages that the Hub posts to the application, by the rules of Standard Webhooks.

Rules: the signature covers id, instant and every octet of the body: judge the body as it arrived, before anything
parses it; more than one secret may be valid, while one replaces the other; a message that is too old or too new
refuses; the same id may come again, and means the same event.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import DecodeError, Struct, ValidationError, convert
from msgspec.json import decode

from hallway.client.model import Event
from hallway.client.problem import WebhookRefused

TOLERANCE_SECONDS: Final = 300
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what a secret begins with
_VERSION: Final = "v1"
_MOST_SIGNATURES: Final = 16


class Message(Struct, frozen=True):
    """A verified message. `id` is the same each time that it is sent; `event` is None for a `ping`."""

    id: str
    type: str
    event: Event | None


def verified(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float) -> Message:
    """What the Hub says. `secrets` are all that are valid now; `now` in seconds since 1970. Raises `WebhookRefused`."""
    given = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in ("webhook-id", "webhook-timestamp", "webhook-signature") if not given.get(name)]
    if missing:
        raise WebhookRefused("missing_header", f"The message has no {', '.join(missing)}.")
    message_id, stamp = given["webhook-id"], given["webhook-timestamp"]
    _judge_instant(stamp, now)
    signed = f"{message_id}.{stamp}.".encode() + body
    wanted = [hmac.digest(_key(secret), signed, hashlib.sha256) for secret in secrets]
    if not wanted:
        raise ValueError("a message is judged by at least one secret")
    if not _is_among(given["webhook-signature"], wanted):
        raise WebhookRefused("wrong_signature", "The message is not signed with a secret of this endpoint.")
    return _message(message_id, body)


def _judge_instant(stamp: str, now: float) -> None:
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 16):
        raise WebhookRefused("wrong_timestamp", "The message's timestamp is no number of seconds.")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise WebhookRefused("wrong_timestamp", "The message is not of now: was it kept, or does a clock go wrong?")


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < 24:
        raise ValueError("a webhook secret is whsec_ and at least 24 bytes in base64")
    return key


def _is_among(header: str, wanted: Sequence[bytes]) -> bool:
    """Whether one of the signatures is one of ours; all are compared, in constant time each."""
    found = False
    for one in header.split(" ")[:_MOST_SIGNATURES]:
        version, _, text = one.partition(",")
        try:
            octets = base64.b64decode(text, validate=True) if version == _VERSION else b""
        except (binascii.Error, ValueError):
            octets = b""
        for expected in wanted:
            found |= hmac.compare_digest(octets, expected)
    return found


def _message(message_id: str, body: bytes) -> Message:
    try:
        document = decode(body, type=_Body)
        event = None if document.type == "ping" else convert(document.data, Event, strict=False)
    except (DecodeError, ValidationError) as error:
        raise WebhookRefused("wrong_shape", f"The message is not understood: {error}.") from None
    return Message(message_id, document.type, event)


class _Body(Struct, frozen=True):
    type: str
    data: Any = None
