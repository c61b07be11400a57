"""A canonical resource as finished bytes, and the answer made of them without parsing.

Rules: the enterprise extension is last in a stored document and `manager` last in it, so that what changes
without a write is inserted at one known place and appended at the end.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import orjson

from hallway.hub.directories.columns import ENTERPRISE
from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import BASE_MARK, MemberOfGroup, Stored, Walk
from hallway.ids import GROUP, USER, ResourceId, wire
from hallway.scim.json import JsonObject
from hallway.scim.projection import merged_hidden, split_returned
from hallway.scim.schema import ResourceType

_BASE_MARK: Final = BASE_MARK.encode()
PREFIX: Final = {Kind.USER: USER, Kind.GROUP: GROUP, Kind.GONE: USER}
ENDPOINT: Final = {Kind.USER: "Users", Kind.GROUP: "Groups", Kind.GONE: "Users"}
_ENDPOINT: Final = {kind: name.encode() for kind, name in ENDPOINT.items()}


def resource_id(kind: Kind, value: ResourceId) -> str:
    """The id on the wire."""
    return wire(PREFIX[kind], value)


def document_of(
    resource: JsonObject, kind: Kind, value: ResourceId, resource_type: ResourceType
) -> tuple[bytes, bytes | None, int | None]:
    """The document without its closing brace, what is not returned by default, and where a manager is completed."""
    shown, hidden = split_returned(resource, resource_type)
    first: JsonObject = {"schemas": shown.get("schemas", []), "id": resource_id(kind, value)}
    extension = shown.pop(ENTERPRISE, None)
    document = first | shown | first
    manager = extension.get("manager") if isinstance(extension, dict) else None
    if isinstance(extension, dict):
        rest = {name: held for name, held in extension.items() if name != "manager"}
        document[ENTERPRISE] = {**rest, "manager": manager} if manager else rest
    text = orjson.dumps(document)[:-1]
    return text, orjson.dumps(hidden) if hidden else None, len(text) - 2 if manager else None


def resource_of(stored: Stored) -> JsonObject:
    """The canonical resource as it was stored: without `meta`, `groups`, `members`."""
    shown: JsonObject = orjson.loads(stored.document + b"}")
    return merged_hidden(shown, orjson.loads(stored.hidden)) if stored.hidden else shown


def complete(stored: Stored, base: bytes, members: Sequence[MemberOfGroup] = ()) -> JsonObject:
    """Everything of a resource, hidden attributes too: for filters and projections."""
    shown: JsonObject = orjson.loads(rendered(stored, base, members))
    return merged_hidden(shown, orjson.loads(stored.hidden)) if stored.hidden else shown


def rendered(stored: Stored, base: bytes, members: Sequence[MemberOfGroup] = ()) -> bytes:
    """The answer: stored bytes, and what is joined at read. `base` is the directory's base URL."""
    document = stored.document
    if stored.splice_at is not None and stored.manager_display is not None:
        document = _with_manager(document, stored.splice_at, (stored.manager_id, stored.manager_display), base)
    if not stored.groups_text and not members:
        return document + _meta(stored, base)
    parts = [document]
    if stored.groups_text:
        parts.append(b',"groups":[' + stored.groups_text.encode().replace(_BASE_MARK, base) + b"]")
    if members:
        parts.append(b',"members":[' + b",".join(_members(members, base)) + b"]")
    parts.append(_meta(stored, base))
    return b"".join(parts)


def walked(walk: Walk, base: bytes, schema_version: int) -> list[bytes] | None:
    """Each user of a page as `rendered` makes her; None where one was written under other schemas."""
    groups_of, template, second = _groups_of(walk, base), _META[Kind.USER], _second
    found: list[bytes] = []
    for _, user_id, revision, created, modified, document, splice_at, manager_id, display, version in walk.lines:
        if version != schema_version:
            return None
        if splice_at is not None and display is not None:
            document = _with_manager(document, splice_at, (manager_id, display), base)
        from_ms, to_ms = created // 1000, modified // 1000
        from_second = second(from_ms // 1000)
        to_second = from_second if to_ms == from_ms else second(to_ms // 1000)
        meta = template % (
            from_second, from_ms % 1000, to_second, to_ms % 1000, base, user_id.hex().encode(), revision
        )  # fmt: skip
        groups = groups_of.get(user_id)
        found.append(document + meta if groups is None else b"".join((document, groups, b"]", meta)))
    return found


def _groups_of(walk: Walk, base: bytes) -> dict[ResourceId, bytes]:
    """The `groups` of each user that is in any, without the bracket that ends them; one that went away is in none."""
    texts = {group: text.encode().replace(_BASE_MARK, base) for group, text in walk.group_texts.items()}
    found: dict[ResourceId, bytes] = {}
    for _, member, group in walk.memberships:
        text = texts.get(group)
        if text is not None:
            found[member] = b"%b,%b" % (found[member], text) if member in found else b',"groups":[' + text
    return found


def _with_manager(document: bytes, at: int, manager: tuple[ResourceId | None, str], base: bytes) -> bytes:
    manager_id, display = manager
    value = b"" if manager_id is None else manager_id.hex().encode()
    reference = b',"$ref":"%b/Users/user_%b"' % (base, value)
    name = b',"displayName":' + orjson.dumps(display) if display else b""
    return document[:at] + reference + name + document[at:]


def _members(members: Iterable[MemberOfGroup], base: bytes) -> Iterable[bytes]:
    users, groups = base + b"/Users/", base + b"/Groups/"
    for member in members:
        if member.kind is Kind.GROUP:
            value, place, kind = b"group_" + member.id.hex().encode(), groups, b"Group"
        else:
            value, place, kind = b"user_" + member.id.hex().encode(), users, b"User"
        display = b'"display":%b,' % orjson.dumps(member.display) if member.display else b""
        yield b'{"value":"%b","$ref":"%b%b",%b"type":"%b"}' % (value, place, value, display, kind)


_META: Final = {
    kind: (
        b',"meta":{"resourceType":"' + name + b'","created":"%b%03dZ","lastModified":"%b%03dZ","location":"%b/' + place
        + b'_%b","version":"W/\\"%d\\""}}'
    )
    for kind, name, place in (
        (Kind.USER, b"User", b"Users/user"),
        (Kind.GROUP, b"Group", b"Groups/group"),
        (Kind.GONE, b"User", b"Users/user"),
    )
}  # fmt: skip


def _meta(stored: Stored, base: bytes) -> bytes:
    (created, created_ms), (modified, modified_ms) = _instant(stored.created_at), _instant(stored.modified_at)
    hexadecimal = stored.id.hex().encode()
    return _META[stored.kind] % (created, created_ms, modified, modified_ms, base, hexadecimal, stored.revision)


def location(stored: Stored, base: bytes) -> bytes:
    """The resource's own address."""
    return b"%b/%b/%b" % (base, _ENDPOINT[stored.kind], resource_id(stored.kind, stored.id).encode())


def etag(stored: Stored) -> str:
    """The weak tag of this revision (RFC 7644 §3.14)."""
    return f'W/"{stored.revision}"'


def _instant(at: int) -> tuple[bytes, int]:
    """An xsd:dateTime of microseconds since 1970, up to its second, and the milliseconds that follow."""
    milliseconds = at // 1000
    return _second(milliseconds // 1000), milliseconds % 1000


@lru_cache(maxsize=8192)
def _second(seconds: int) -> bytes:
    """The instant up to its second; people come in bursts, so few seconds serve many of them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.").encode()
