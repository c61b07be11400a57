"""What a webhook is sent: an event of the feed in the form of Standard Webhooks, signed by its secrets.

Rules: `type` and `timestamp` stand in front, `data` is the event as the feed tells it; a body above `MOST_BYTES` goes
without what makes it large, and says so; the id is the event's own, whoever gets it and however often.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import orjson

from hallway.delivery.model import Endpoint
from hallway.delivery.ports import Message, Verdict, usual_verdict
from hallway.delivery.signature import SigningSecret, packed, signed_headers, unpacked
from hallway.hub.events.model import TOLD_TYPES
from hallway.ids import ENTRY, wire
from hallway.journal.feed import Placed
from hallway.outbound import Answer
from hallway.scim.json import JsonObject

KIND: Final = "webhook"
PING: Final = "ping"
MOST_BYTES: Final = 256 * 1024
CONTENT: Final = ("content-type", "application/json")
_LARGE: Final = ("before", "after", "facts")


class Vault(Protocol):
    """Seals what must be read back."""

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Ciphertext that only the same context opens."""
        ...

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """The plaintext; raises `Undecipherable` or `UnknownKey`."""
        ...


class Tells(Protocol):
    """Makes documents of entries: see `hallway.hub.events.telling.Teller`."""

    async def told(self, placed: Sequence[Placed]) -> list[JsonObject]:
        """The documents in the order of the entries; what was erased since is left out."""
        ...


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The strategy of endpoints of kind `webhook`; `vault` is asked each time, since keys are rotated."""

    teller: Tells
    vault: Callable[[], Vault]

    def types(self, endpoint: Endpoint) -> Collection[str]:
        """The types that it is told of; none: all."""
        return chosen_types(endpoint.types)

    async def messages(self, endpoint: Endpoint, entries: Sequence[Placed]) -> Mapping[int, Message]:
        """A message for each entry that is still there."""
        documents = {str(one["id"]): one for one in await self.teller.told(entries)}
        secrets = opened_secrets(self.vault(), endpoint)
        return {
            one.position: message(name, body_of(documents[name]), secrets)
            for one in entries
            if (name := wire(ENTRY, one.event_id)) in documents
        }

    def verdict(self, answer: Answer) -> Verdict:
        """As usual."""
        return usual_verdict(answer)


def message(name: str, body: bytes, secrets: Sequence[SigningSecret]) -> Message:
    """A body with this id, signed by every secret that is alive when it is sent."""

    def headers(at: int) -> tuple[tuple[str, str], ...]:
        alive = [one for one in secrets if one.signs(at * 1_000_000)]
        return (CONTENT, *signed_headers(name, at, body, alive))

    return Message(body, headers)


def body_of(document: JsonObject) -> bytes:
    """The octets that are signed and sent."""
    body = _body(document)
    if len(body) <= MOST_BYTES:
        return body
    return _body({**document, **dict.fromkeys(_LARGE), "cut": True})


def _body(document: JsonObject) -> bytes:
    return orjson.dumps({"type": document["type"], "timestamp": document["at"], "data": document})


def chosen_types(patterns: Collection[str]) -> Collection[str]:
    """The types that patterns name, exact or ending in `.*`; none: all."""
    if not patterns:
        return ()
    found = frozenset(one for one in TOLD_TYPES for pattern in patterns if names(pattern, one))
    return found or frozenset(patterns)


def names(pattern: str, kind: str) -> bool:
    """Whether a pattern names a type."""
    return kind == pattern or (pattern.endswith(".*") and kind.startswith(pattern[:-1]))


def opened_secrets(vault: Vault, endpoint: Endpoint) -> tuple[SigningSecret, ...]:
    """The secrets of an endpoint, the newest first."""
    return unpacked(vault.decrypt(endpoint.sealed, _context(endpoint.id)))


def sealed_secrets(vault: Vault, endpoint_id: bytes, secrets: Sequence[SigningSecret]) -> bytes:
    """What the table holds of them."""
    return vault.encrypt(packed(secrets), _context(endpoint_id))


def _context(endpoint_id: bytes) -> bytes:
    return b"endpoint.sealed:" + endpoint_id
