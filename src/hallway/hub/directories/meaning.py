"""What an exchange meant, in words: what was done or asked, why it was refused, and which side is to change.

Rules: what was done is read from the journal, never guessed from the request; what was only tried is read from the
redacted request; names are those that the entry kept, or that people have now.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import orjson

from hallway.exchanges.model import Exchange
from hallway.hub.directories.phrase import Phrase, Value, counted, said
from hallway.hub.directories.providers import Product
from hallway.hub.directories.remedies import Side, remedy_of
from hallway.ids import GROUP, USER, ResourceId, parsed
from hallway.journal.model import Written
from hallway.scim.json import Json, JsonObject

_NAMED_AT_MOST: Final = 3
NOBODY: Final = said("somebody who is no longer here")


class Sort(Enum):
    """What an exchange came to."""

    CHANGED = "changed"
    SAME = "same"
    ANSWERED = "answered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Told:
    """An exchange with the entries it led to, and what the people in it are called."""

    exchange: Exchange
    entries: Sequence[Written]
    names: Mapping[ResourceId, str]
    product: Product


@dataclass(frozen=True, slots=True)
class Meaning:
    """`what` in a line, `more` where it did several things; of a refusal `why`, and who is to do what."""

    sort: Sort
    what: Phrase
    more: tuple[Phrase, ...] = ()
    why: str = ""
    side: Side = Side.NOBODY
    act: Phrase | None = None


def meaning(told: Told) -> Meaning:
    """What it meant."""
    exchange = told.exchange
    if exchange.status >= 400:
        side, act = remedy_of(exchange.status, _answer(exchange).get("scimType"), told.product)
        return Meaning(Sort.REFUSED, _tried(told), why=str(_answer(exchange).get("detail", "")), side=side, act=act)
    if exchange.is_answered_read:
        return Meaning(Sort.ANSWERED, _asked(told))
    done = [phrase for written in told.entries for phrase in _done(written, told)]
    if exchange.path.endswith("/Bulk"):
        operations = _list(_request(exchange).get("Operations"))
        what = counted("Sent %(count)s operation in one request", "Sent %(count)s operations in one request",
                       len(operations))  # fmt: skip
        return Meaning(Sort.CHANGED if done else Sort.SAME, what, tuple(done))
    if done:
        return Meaning(Sort.CHANGED, done[0], tuple(done[1:]))
    return Meaning(Sort.SAME, said("Sent %(who)s again; nothing changed", who=_object(told)))


def ids_in(exchange: Exchange, entries: Sequence[Written]) -> set[ResourceId]:
    """Whose names are needed."""
    found = {one for one in (_path_id(exchange), exchange.answer_resource) if one is not None}
    for written in entries:
        facts = written.entry.facts
        found.update(_ids(facts.get("added"))[:_NAMED_AT_MOST])
        found.update(_ids(facts.get("removed"))[:_NAMED_AT_MOST])
        if written.entry.subject_id is not None:
            found.add(written.entry.subject_id)
    return {ResourceId(one) for one in found}


def _done(written: Written, told: Told) -> list[Phrase]:
    """What one journal entry says."""
    entry = written.entry
    who = _subject(written, told)
    if entry.type == "group.members_changed":
        return _members(entry.facts, who, told)
    if entry.type in {"user.updated", "group.updated"}:
        return [_updated(entry.type, entry.facts, who), *_members(entry.facts, who, told)]
    say = _DONE.get(entry.type)
    done = [] if say is None else [say(who)]
    return [*done, *_members(entry.facts, who, told)] if entry.type == "group.created" else done


_DONE: Final[Mapping[str, Callable[[Value], Phrase]]] = {
    "user.created": lambda who: said("Created %(who)s", who=who),
    "user.deactivated": lambda who: said("Deactivated %(who)s", who=who),
    "user.reactivated": lambda who: said("Activated %(who)s again", who=who),
    "user.deleted": lambda who: said("Deleted %(who)s", who=who),
    "user.restored": lambda who: said("Brought %(who)s back, as the same person", who=who),
    "group.created": lambda who: said("Created the group %(who)s", who=who),
    "group.deleted": lambda who: said("Deleted the group %(who)s; its members stay", who=who),
}


def _updated(kind: str, facts: JsonObject, who: Value) -> Phrase:
    names = [str(name) for name in _list(facts.get("attributes"))]
    if kind == "group.updated" and names == ["displayName"]:
        return said("Renamed a group to %(who)s", who=who)
    return said("Changed %(names)s of %(who)s", names=_joined(names) if names else said("details"), who=who)


def _members(facts: JsonObject, group: Value, told: Told) -> list[Phrase]:
    found = []
    added, removed = _ids(facts.get("added")), _ids(facts.get("removed"))
    if 0 < len(added) <= _NAMED_AT_MOST:
        found.append(said("Added %(who)s to %(group)s", who=_joined([_name(one, told) for one in added]), group=group))
    elif added:
        found.append(said("Added %(count)s members to %(group)s", count=len(added), group=group))
    if 0 < len(removed) <= _NAMED_AT_MOST:
        who = _joined([_name(one, told) for one in removed])
        found.append(said("Removed %(who)s from %(group)s", who=who, group=group))
    elif removed:
        found.append(said("Removed %(count)s members from %(group)s", count=len(removed), group=group))
    return found


def _asked(told: Told) -> Phrase:
    """What a read asked, and what it was told."""
    exchange = told.exchange
    noun = _noun(exchange)
    if _path_id(exchange) is not None:
        return said("Read %(who)s", who=_object(told))
    total = _answer(exchange).get("totalResults")
    text = _request(exchange).get("filter")
    if not isinstance(text, str):
        if not isinstance(total, int):
            return said("Asked for the list of %(noun)s", noun=noun)
        return said("Asked for the list of %(noun)s: %(total)s in all", noun=noun, total=total)
    wanted = _wanted(text)
    if wanted is not None and total in (0, 1):
        if total:
            return said("Asked whether %(who)s exists: yes", who=wanted)
        return said("Asked whether %(who)s exists: no", who=wanted)
    return said(
        "Searched %(noun)s by %(filter)s: %(total)s found",
        noun=noun, filter=text, total=total if isinstance(total, int) else "?",
    )  # fmt: skip


def _wanted(text: str) -> str | None:
    """Whom a filter for one name asks for: `userName eq "ada"`."""
    name, _, rest = text.partition(" ")
    op, _, value = rest.partition(" ")
    if name not in {"userName", "displayName", "externalId", "emails.value", "id"} or op != "eq":
        return None
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, str) else None


def _tried(told: Told) -> Phrase:
    """What a refused request wanted."""
    exchange = told.exchange
    if exchange.path.endswith("/Bulk"):
        return said("Tried to send several operations in one request")
    match exchange.method:
        case "POST" if not exchange.path.endswith("/.search"):
            return said("Tried to create %(who)s", who=_new(told))
        case "PUT" | "PATCH":
            return said("Tried to change %(who)s", who=_object(told))
        case "DELETE":
            return said("Tried to delete %(who)s", who=_object(told))
        case _:
            return said("Tried to read %(what)s", what=_object(told) if _path_id(exchange) else _noun(exchange))


def _new(told: Told) -> Value:
    request = _request(told.exchange)
    lowered = {name.lower(): value for name, value in request.items()}
    name = lowered.get("username") or lowered.get("displayname")
    if isinstance(name, str):
        return name
    return said("a group") if "/Groups" in told.exchange.path else said("a user")


def _object(told: Told) -> Value:
    """Whom the path names."""
    one = _path_id(told.exchange)
    if one is not None and one in told.names:
        return told.names[one]
    if one is not None:
        return NOBODY
    return _new(told)


def _subject(written: Written, told: Told) -> Value:
    personal = written.personal or {}
    for name in ("displayName", "userName"):
        value = personal.get(name)
        if isinstance(value, str) and value:
            return value
    one = written.entry.subject_id
    return NOBODY if one is None else told.names.get(ResourceId(one), NOBODY)


def _name(one: ResourceId, told: Told) -> Value:
    return told.names.get(one, NOBODY)


def _joined(names: Sequence[Value]) -> Value:
    """Two or three names as one value."""
    if len(names) == 1:
        return names[0]
    rest = _joined(names[:-1])
    return said("%(first)s and %(last)s", first=rest, last=names[-1])


def _noun(exchange: Exchange) -> Phrase:
    return said("groups") if "/Groups" in exchange.path else said("users")


def _path_id(exchange: Exchange) -> ResourceId | None:
    last = exchange.path.rpartition("/")[2]
    found = parsed(USER, last) or parsed(GROUP, last)
    return None if found is None else ResourceId(found)


def _ids(value: Json | None) -> list[ResourceId]:
    """Ids as entries keep them: on the wire, or bare digits."""
    found = []
    for text in _list(value):
        if isinstance(text, str):
            one = parsed(USER, text) or parsed(GROUP, text) or parsed(USER, USER + text)
            if one is not None:
                found.append(ResourceId(one))
    return found


def _list(value: Json | None) -> list[Json]:
    return value if isinstance(value, list) else []


def _request(exchange: Exchange) -> JsonObject:
    return _object_of(exchange.request)


def _answer(exchange: Exchange) -> JsonObject:
    return _object_of(exchange.answer)


def _object_of(text: bytes | None) -> JsonObject:
    """A kept body; one that was cut is none."""
    if not text:
        return {}
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
