"""The journal as a file: what a filter finds, with a stated limit.

Rules: a file has at most `MOST_ENTRIES`, the newest, and its name says so where there are more; that it was taken is an
entry of its own; a cell that a spreadsheet would take for a formula begins with an apostrophe.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from hallway.hub.organizations.service import Refused
from hallway.ids import EntryId, OrganizationId
from hallway.journal.model import Actor, Change, Entry, Written
from hallway.journal.search import Question
from hallway.journal.shape import shape_of
from hallway.web.console.settings.audit import asked_of
from hallway.web.console.settings.event_words import called, sentence
from hallway.web.console.settings.office import Office
from hallway.web.forms import read_form
from hallway.web.http import Request, Response
from hallway.web.language import Language
from hallway.web.rows import PageHandler

MOST_ENTRIES: Final = 10_000
_AT_ONCE: Final = 1_000
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
COLUMNS: Final = (
    "seq", "id", "at", "type", "what", "actor_kind", "actor_id", "actor", "address", "subject_id", "subject",
    "directory_id", "exchange_id", "facts", "personal",
)  # fmt: skip


class ExportingPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {"settings_audit_export": self.export}

    async def export(self, request: Request, visitor: Any) -> Response:
        """A file of what the filter finds."""
        form = await read_form(request)
        kind = form["format"]
        if kind not in _WRITERS:
            raise Refused("invalid", "Choose a format: CSV or JSON lines.")
        owner = self._office.owner(visitor).id
        question = replace(asked_of(form).question, before=None)
        entries, is_cut = await self._entries(owner, question)
        await self._noted(owner, kind, len(entries), self._office.actor(request, visitor))
        content_type, write = _WRITERS[kind]
        language = self._office.pages.language(request)
        day = datetime.fromtimestamp(self._office.hub.desk.clock() / 1_000_000, UTC)
        name = f"audit-{day:%Y-%m-%d}{f'-newest-{MOST_ENTRIES}' if is_cut else ''}.{kind}"
        headers = (
            (b"content-type", content_type),
            (b"content-disposition", f'attachment; filename="{name}"'.encode()),
        )
        return Response(200, write(entries, language), headers)

    async def _entries(self, owner: OrganizationId, question: Question) -> tuple[list[Written], bool]:
        """Everything that is found up to the limit, newest first, and whether there is more."""
        found: list[Written] = []
        asked: Question | None = replace(question, limit=_AT_ONCE)
        while asked is not None:
            page = await self._office.hub.stores.audit.found(owner, asked)
            found += page.entries
            if len(found) > MOST_ENTRIES:
                return found[:MOST_ENTRIES], True
            asked = None if page.following is None else replace(asked, before=page.following)
        return found, False

    async def _noted(self, owner: OrganizationId, kind: str, count: int, actor: Actor) -> None:
        desk = self._office.hub.desk
        entry_id = EntryId(desk.fresh_id())
        entry = Entry(
            entry_id, "audit.exported", desk.clock(), actor, owner, facts={"format": kind, "entries": count}
        )  # fmt: skip
        await desk.ledger.commit(Change(owner, (), (entry,), entry_id))


def as_csv(entries: Sequence[Written], language: Language) -> bytes:
    """One line for each entry, safe to open in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for written in entries:
        shape = shape_of(written)
        actor = written.entry.actor
        subject = called(written)
        shape |= {
            "what": sentence(written.entry.type, subject, language), "actor_kind": actor.kind, "subject": subject,
            "actor_id": shape["actor"]["id"], "actor": actor.label, "address": actor.address,
        }  # fmt: skip
        writer.writerow([_cell(shape[column]) for column in COLUMNS])
    return text.getvalue().encode()


def as_json_lines(entries: Sequence[Written], language: Language) -> bytes:
    """One object for each entry, as `hallway hub journal --json` has it, and what happened in words."""
    lines = []
    for written in entries:
        what = sentence(written.entry.type, called(written), language)
        lines.append(orjson.dumps({**shape_of(written), "what": what}, option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(lines)


def _cell(value: Any) -> str:
    """The text of a cell, which no spreadsheet takes for a formula."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return f"'{text}" if text.startswith(_FORMULAS) else text


_WRITERS: Final = {
    "csv": (b"text/csv; charset=utf-8", as_csv),
    "jsonl": (b"application/x-ndjson", as_json_lines),
}
