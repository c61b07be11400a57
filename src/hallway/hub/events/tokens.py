"""Journal entries of one directory as Security Event Tokens, signed: see `hallway.scim.security_events`.

Rules: only what the directory's own resources went through is told; a token has the entry's id, so that who gets it
twice knows; what was erased since is not told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import orjson

from hallway.hub.applications.signing import Signing
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.events.telling import Teller
from hallway.ids import DIRECTORY, ENTRY, EXCHANGE, GROUP, USER, wire
from hallway.journal.model import Entry, Written
from hallway.journal.shape import changed as trimmed
from hallway.oidc.issuing import signed
from hallway.scim import security_events as told
from hallway.scim.json import Json, JsonObject

SECOND: Final = 1_000_000
ALGORITHM: Final = "ES256"
STREAMED: Final = frozenset(
    {
        "user.created", "user.updated", "user.deactivated", "user.reactivated", "user.deleted", "user.restored",
        "user.kept", "user.moved", "group.created", "group.updated", "group.members_changed", "group.deleted",
        "group.kept", "group.moved",
    }
)  # fmt: skip
"""The types of entries that become tokens."""


class Signer(Protocol):
    """Signs with a key of the deployment's, which it publishes."""

    async def signed(self, claims: JsonObject, kind: str) -> str:
        """The claims as a compact JWS, whose header has this `typ`."""
        ...


@dataclass(frozen=True, slots=True)
class KeySigner:
    """Signs by the deployment's own key for `ALGORITHM`, which is published with those of its ID tokens."""

    keys: Signing

    async def signed(self, claims: JsonObject, kind: str) -> str:
        """See `Signer`."""
        return signed(await self.keys.key(ALGORITHM), kind, claims)


@dataclass(frozen=True, slots=True)
class TokenMaker:
    """Makes tokens; `issuer` is the deployment's base URL."""

    teller: Teller
    signer: Signer
    issuer: str
    clock: Callable[[], int]

    async def token(self, key: DirectoryKey, audience: str, written: Written) -> str | None:
        """The token of an entry, None where it says nothing of this directory's resources."""
        entry = written.entry
        if not concerns(key, entry) or entry.subject_id is None:
            return None
        was, became = await self.teller.entries.around(key.organization_id, entry, written.seq)
        before, after = _document(was), _document(became)
        events = await self._events(key, entry, before, after)
        if events is None:
            return None
        noun = entry.type.partition(".")[0]
        path = (
            f"/Users/{wire(USER, entry.subject_id)}" if noun == "user" else f"/Groups/{wire(GROUP, entry.subject_id)}"
        )
        external_id = (after or before or {}).get("externalId")
        resource = told.Resource(path, external_id if isinstance(external_id, str) else None)
        change = wire(ENTRY, entry.id) if entry.exchange_id is None else wire(EXCHANGE, entry.exchange_id)
        head = told.Letterhead(
            self.issuer, (audience,), wire(ENTRY, entry.id), change, self.clock() // SECOND, entry.at // SECOND
        )
        return await self.signer.signed(told.claims(head, resource, events), told.TYPE)

    async def _events(
        self, key: DirectoryKey, entry: Entry, before: JsonObject | None, after: JsonObject | None
    ) -> dict[str, JsonObject] | None:
        """What the entry is in the words of the standard; None where nothing of it is left."""
        match entry.type.partition(".")[2]:
            case "deleted":
                return {told.DELETED: {}}
            case "kept":
                return {told.REMOVED: {}}
            case "moved":
                return {told.REMOVED if key.directory_id == entry.directory_id else told.ADDED: {}}
            case "deactivated" | "reactivated" as what:
                return told.switched(active=what == "reactivated", document=after)
            case "created" | "restored" if after is not None:
                return told.created(after, _texts(entry.facts.get("added")))
            case "updated" if after is not None:
                if entry.type == "user.updated":
                    return told.replaced(after)
                old, new = trimmed(before or {}, after)
                return told.changed(old or {}, new or {})
            case "members_changed":
                facts = await self.teller.facts(key.organization_id, entry)
                return told.members_changed(_texts(facts.get("added")), _texts(facts.get("removed")))
            case _:
                return None


def concerns(key: DirectoryKey, entry: Entry) -> bool:
    """Whether an entry is told in the streams of a directory: its own, and of who comes to it from another one."""
    moved_here = entry.type.endswith(".moved") and entry.facts.get("to") == wire(DIRECTORY, key.directory_id)
    return entry.type in STREAMED and (entry.directory_id == key.directory_id or moved_here)


def _document(version: tuple[object, bytes] | None) -> JsonObject | None:
    if version is None:
        return None
    document: JsonObject = orjson.loads(version[1] + b"}")
    return document


def _texts(value: Json | None) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
