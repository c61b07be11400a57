"""Turning changes into steps: what both engines' writers share.

Rules: entries get the next `seq` of their organization; rows that carry `SEQ` get that of the first entry.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson

from hallway.journal.model import Change, Entry, Stale
from hallway.store.rows import steps_of
from hallway.store.statement import Params, Statement, Step, asked_last, statement

HEAD = statement(
    "journal_head",
    "SELECT organization_id, seq FROM journal_head WHERE organization_id = ?1 {lock}",
)
FOUND_HEAD = statement("journal_head_insert", "INSERT INTO journal_head (organization_id, seq) VALUES (?1, 0)")
NEW_HEAD = statement(
    "journal_head_moved",
    "UPDATE journal_head SET seq = ?2 WHERE organization_id = ?1 RETURNING organization_id",
)
ENTRY = statement(
    "journal_entry",
    """INSERT INTO journal (organization_id, seq, id, type, at, actor_kind, actor_id, directory_id, subject_id,
                             exchange_id, facts, personal_hash)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)""",
)
PERSONAL = statement(
    "journal_personal_entry",
    "INSERT INTO journal_personal (organization_id, seq, salt, body) VALUES (?1, ?2, ?3, ?4)",
)
FOUND = statement(
    "journal_found",
    """SELECT organization_id, seq FROM journal WHERE organization_id = ?1 AND id = ?2
       AND seq > (SELECT seq FROM journal_head WHERE organization_id = ?1) - 1000 ORDER BY seq LIMIT 1""",
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A change as steps, before its place in the journal is known."""

    change: Change
    steps: tuple[Step, ...]
    entries: tuple["PreparedEntry", ...]


@dataclass(frozen=True, slots=True)
class PreparedEntry:
    """An entry's columns without organization and `seq`."""

    columns: Params
    salt: bytes
    body: bytes


def prepared(change: Change) -> Prepared:
    """Encode everything that does not depend on the journal's head."""
    steps = [step for row in change.rows for step in steps_of(change.organization_id, row)]
    return Prepared(change, asked_last(steps), tuple(_entry(entry) for entry in change.entries))


def _entry(entry: Entry) -> PreparedEntry:
    personal = {**entry.personal, "actor": entry.actor.label, "address": entry.actor.address}
    body = orjson.dumps(personal)
    salt = os.urandom(16)
    digest = hashlib.sha256(salt + body).digest()
    columns = (
        entry.id,
        entry.type,
        entry.at,
        entry.actor.kind,
        entry.actor.id,
        entry.directory_id,
        entry.subject_id,
        entry.exchange_id,
        orjson.dumps(entry.facts),
        digest,
    )
    return PreparedEntry(columns, salt, body)


def placed(item: Prepared, head: int | None) -> list[Step]:
    """All steps of a change whose organization's journal stands at `head`.

    None: there is no such organization; raises `Stale` unless this change makes it.
    """
    org = item.change.organization_id
    if head is None:
        if not any(step.statement is FOUND_HEAD for step in item.steps):
            raise Stale
        head = 0
    first = head + 1 if item.entries else 0
    steps = [_with_seq(step, first) for step in item.steps]
    for place, entry in enumerate(item.entries, first):
        steps.append(Step(ENTRY, (org, place, *entry.columns)))
        steps.append(Step(PERSONAL, (org, place, entry.salt, entry.body)))
    return steps


def _with_seq(step: Step, seq: int) -> Step:
    place = step.statement.seq_at
    if place < 0:
        return step
    params = step.params
    return Step(step.statement, (*params[:place], seq, *params[place + 1 :]), step.must)


def waves(queues: Iterable[list[Step]]) -> Iterator[tuple[Statement, list[Params], int | None]]:
    """Each statement once for all changes that are at it, in steps of its own order for every change.

    With the parameters comes how many rows all of them together have to return, None where none does.
    """
    pending = [queue[::-1] for queue in queues if queue]
    while pending:
        statement = pending[0][-1].statement
        params: list[Params] = []
        must: int | None = None
        for queue in pending:
            while queue and queue[-1].statement is statement:
                step = queue.pop()
                params.append(step.params)
                if step.must is not None:
                    must = (must or 0) + step.must
        yield statement, params, must
        pending = [queue for queue in pending if queue]


def moved_head(org: bytes, head: int) -> tuple[Statement, Params]:
    """The organization's new head, once for a batch."""
    return NEW_HEAD, (org, head)


def by_organization(batch: Sequence[Prepared]) -> list[list[Prepared]]:
    """The batch in order of organization, so that two writers lock in the same order."""
    groups: dict[bytes, list[Prepared]] = {}
    for item in batch:
        groups.setdefault(item.change.organization_id, []).append(item)
    return [groups[org] for org in sorted(groups)]
