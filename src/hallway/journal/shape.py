"""An entry for whoever reads it outside: ids with their prefixes, and what changed between two documents."""

from datetime import UTC, datetime
from typing import Any, Final

from hallway.ids import (
    ACCOUNT,
    API_KEY,
    APPLICATION,
    CONNECTION,
    CONTACT,
    DIRECTORY,
    ENDPOINT,
    ENTRY,
    EXCHANGE,
    GRANT,
    GROUP,
    MEMBER,
    ORGANIZATION,
    SETUP_LINK,
    SIGNING_KEY,
    STREAM,
    TOKEN,
    USER,
    wire,
)
from hallway.journal.model import Entry, Written
from hallway.scim.json import JsonObject

_SUBJECTS: Final = {
    "organization": ORGANIZATION,
    "domain": ORGANIZATION,
    "audit": ORGANIZATION,
    "member": MEMBER,
    "contact": CONTACT,
    "endpoint": ENDPOINT,
    "account": ACCOUNT,
    "setup_link": SETUP_LINK,
    "operator": ACCOUNT,
    "api_key": API_KEY,
    "operator.looked": ORGANIZATION,
    "application": APPLICATION,
    "signing_key": SIGNING_KEY,
    "grant": GRANT,
    "directory": DIRECTORY,
    "connection": CONNECTION,
    "token": TOKEN,
    "stream": STREAM,
    "user": USER,
    "group": GROUP,
}
_ACTORS: Final = {
    "token": TOKEN,
    "member": MEMBER,
    "account": ACCOUNT,
    "operator": ACCOUNT,
    "setup_link": SETUP_LINK,
    "api_key": API_KEY,
    "application": APPLICATION,
}
_FIXED: Final = frozenset({"schemas", "id"})


def subject_of(entry: Entry) -> str | None:
    """The id of what an entry is about."""
    prefix = _SUBJECTS.get(entry.type, _SUBJECTS.get(entry.type.partition(".")[0]))
    return None if entry.subject_id is None or prefix is None else wire(prefix, entry.subject_id)


def actor_of(entry: Entry) -> str | None:
    """The id of who did it."""
    prefix = _ACTORS.get(entry.actor.kind)
    return None if entry.actor.id is None or prefix is None else wire(prefix, entry.actor.id)


def precisely(at: int) -> str:
    """An instant to the microsecond, so that a list keeps its order."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="microseconds")


def shape_of(written: Written) -> dict[str, Any]:
    """An entry as JSON."""
    entry, actor = written.entry, written.entry.actor
    return {
        "seq": written.seq,
        "id": wire(ENTRY, entry.id),
        "type": entry.type,
        "at": precisely(entry.at),
        "actor": {"kind": actor.kind, "id": actor_of(entry), "label": actor.label, "address": actor.address},
        "directory_id": None if entry.directory_id is None else wire(DIRECTORY, entry.directory_id),
        "subject_id": subject_of(entry),
        "exchange_id": None if entry.exchange_id is None else wire(EXCHANGE, entry.exchange_id),
        "facts": entry.facts,
        "personal": written.personal,
    }


def changed(before: JsonObject | None, after: JsonObject | None) -> tuple[JsonObject | None, JsonObject | None]:
    """Both without what is the same in both."""
    if before is None or after is None:
        return before, after
    names = [name for name in {**before, **after} if name not in _FIXED and before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )
