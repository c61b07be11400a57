"""SCIM events as Security Event Tokens: the claims of one (RFC 9967 §2; RFC 8417 §2).

Rules: a token is about one resource, named in `sub_id`, never in `sub`; `full` has `data`, `notice` has `attributes`,
and none has both; tokens of one change have one `txn`. Signing is for whoever has the key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hallway.scim.json import Json, JsonObject
from hallway.scim.patch_operations import PATCH_OP

TYPE: Final = "secevent+jwt"
"""The `typ` of the token's header, and with `application/` its media type (RFC 8417 §2.3)."""
_EVENT: Final = "urn:ietf:params:scim:event:"
CREATED: Final = f"{_EVENT}prov:create:full"
CREATED_NOTICE: Final = f"{_EVENT}prov:create:notice"
REPLACED: Final = f"{_EVENT}prov:put:full"
PATCHED: Final = f"{_EVENT}prov:patch:full"
PATCHED_NOTICE: Final = f"{_EVENT}prov:patch:notice"
DELETED: Final = f"{_EVENT}prov:delete"
ACTIVATED: Final = f"{_EVENT}prov:activate"
DEACTIVATED: Final = f"{_EVENT}prov:deactivate"
ADDED: Final = f"{_EVENT}feed:add"
REMOVED: Final = f"{_EVENT}feed:remove"

EVENT_URIS: Final = (
    ADDED, REMOVED, CREATED, CREATED_NOTICE, PATCHED, PATCHED_NOTICE, REPLACED, DELETED, ACTIVATED, DEACTIVATED,
)  # fmt: skip
"""What is ever sent."""
MOST_MEMBERS: Final = 100
"""Of more members that came or went, a notice says only that `members` changed."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What stands around the events: who says it to whom, under which id; instants in seconds since 1970."""

    issuer: str
    audience: Sequence[str]
    id: str
    transaction: str
    issued_at: int
    happened_at: int


@dataclass(frozen=True, slots=True)
class Resource:
    """What it is about: the path after the base URL, and what the client calls it."""

    path: str
    external_id: str | None = None


def claims(head: Letterhead, resource: Resource, events: Mapping[str, JsonObject]) -> JsonObject:
    """The claims of a token."""
    subject: JsonObject = {"format": "scim", "uri": resource.path}
    if resource.external_id is not None:
        subject["externalId"] = resource.external_id
    return {
        "iss": head.issuer,
        "aud": [*head.audience],
        "iat": head.issued_at,
        "toe": head.happened_at,
        "jti": head.id,
        "txn": head.transaction,
        "sub_id": subject,
        "events": dict(events),
    }


def created(document: JsonObject, members: Sequence[str] = ()) -> dict[str, JsonObject]:
    """A resource that appeared, whole; a group with its first members, or a notice where those are many."""
    if len(members) > MOST_MEMBERS:
        names: list[Json] = [name for name in document if name != "schemas"]
        return {CREATED_NOTICE: {"attributes": [*names, "members"]}}
    listed: JsonObject = {"members": [{"value": one} for one in members]} if members else {}
    return {CREATED: {"data": {**document, **listed}}}


def replaced(document: JsonObject) -> dict[str, JsonObject]:
    """A resource that changed, whole: as the body of a PUT that makes it what it is."""
    return {REPLACED: {"data": document}}


def changed(before: JsonObject, after: JsonObject) -> dict[str, JsonObject]:
    """Attributes that changed, as the body of a PATCH; those that are gone are removed. All else stays, members too."""
    patch: list[Json] = [{"op": "replace", "value": after}] if after else []
    patch += [{"op": "remove", "path": name} for name in before if name not in after]
    return {PATCHED: {"data": {"schemas": [PATCH_OP], "Operations": patch}}}


def members_changed(added: Sequence[str], removed: Sequence[str]) -> dict[str, JsonObject]:
    """Members that came and went, as the body of a PATCH, or a notice where they are many."""
    if len(added) + len(removed) > MOST_MEMBERS:
        return {PATCHED_NOTICE: {"attributes": ["members"]}}
    patch: list[Json] = [{"op": "remove", "path": f'members[value eq "{one}"]'} for one in removed]
    if added:
        patch.append({"op": "add", "path": "members", "value": [{"value": one} for one in added]})
    return {PATCHED: {"data": {"schemas": [PATCH_OP], "Operations": patch}}}


def switched(active: bool, document: JsonObject | None) -> dict[str, JsonObject]:
    """A user who was turned on or off, and what she is with it."""
    return {ACTIVATED if active else DEACTIVATED: {}, **({} if document is None else replaced(document))}
