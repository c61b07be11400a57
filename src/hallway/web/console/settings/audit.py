"""The journal of an organization, for people: found, one entry whole, taken along as a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import DirectoryKey
from hallway.ids import CONTACT, DIRECTORY, ENTRY, GROUP, MEMBER, ORGANIZATION, SETUP_LINK, TOKEN, USER, parsed, wire
from hallway.journal.model import Written
from hallway.journal.search import Question
from hallway.journal.shape import changed
from hallway.scim.json import JsonObject
from hallway.web.console.settings.event_words import ACTORS, ELSEWHERE, GROUPS, people_in, shown, told, types_of
from hallway.web.console.settings.office import Office, query_of
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.language import Language
from hallway.web.rows import PageHandler

PAGE: Final = 50
_LONGEST: Final = 200
_SUBJECTS: Final = (MEMBER, USER, GROUP, DIRECTORY, TOKEN, ORGANIZATION, CONTACT, SETUP_LINK)
_ACTORS: Final = (MEMBER, TOKEN, SETUP_LINK)
_FIELDS: Final = ("q", "kind", "actor", "by", "from", "to")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was typed, and as the journal is asked."""

    typed: Mapping[str, str]
    question: Question


def asked_of(fields: Mapping[str, str]) -> Asked:
    """What the fields of the filter ask; what names nothing does not count."""
    typed = {name: fields.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
    subject = _one_of(_SUBJECTS, typed["q"])
    since, until = _day(typed["from"]), _day(typed["to"])
    before = fields.get("before", "")
    question = Question(
        types_of(typed["kind"]), typed["actor"] if typed["actor"] in ACTORS else "", _one_of(_ACTORS, typed["by"]),
        subject, "" if subject else typed["q"], since, None if until is None else until + _DAY,
        int(before) if before.isdecimal() and len(before) < 16 else None, PAGE,
    )  # fmt: skip
    return Asked(typed, question)


class AuditPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._stores = office.hub.stores

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {"settings_audit": self.index, "settings_audit_entry": self.show}

    async def index(self, request: Request, visitor: Any) -> Response:
        """Entries, newest first."""
        asked = asked_of(query_of(request))
        found = await self._stores.audit.found(self._office.owner(visitor).id, asked.question)
        language = self._office.pages.language(request)
        typed = {name: value for name, value in asked.typed.items() if value}
        more = "" if found.following is None else urlencode({**typed, "before": found.following})
        return self._office.render(
            request, "audit", fragment="settings/audit_found.html", typed=asked.typed, is_filtered=bool(typed),
            history=[told(one, language) for one in found.entries], more=more,
            groups=[(name, language.text(text)) for name, text in GROUPS.items() if name not in ELSEWHERE],
            actors=[(name, language.text(text)) for name, text in ACTORS.items()],
        )  # fmt: skip

    async def show(self, request: Request, visitor: Any) -> Response:
        """One entry, with what it was before and after."""
        written = await self._entry(request, visitor)
        language = self._office.pages.language(request)
        entry = written.entry
        return self._office.render(
            request, "audit_entry", line=told(written, language), entry=entry, id=wire(ENTRY, entry.id),
            erased=written.personal is None, sides=await self._sides(written, visitor, language),
            about=_place(written), people=await self._people(written, visitor),
        )  # fmt: skip

    async def _entry(self, request: Request, visitor: Any) -> Written:
        text = request.params["entry"]
        if text.isdecimal() and len(text) < 16:
            seq = int(text)
            found = await self._stores.people.entries(self._office.owner(visitor).id, [seq])
            if seq in found:
                return found[seq]
        raise EdgeProblem(404, "There is no such entry in this organization.")

    async def _people(self, written: Written, visitor: Any) -> list[tuple[str, str]]:
        """Who was added or removed, by name and page; those who are gone are not named."""
        directory, wanted = written.entry.directory_id, people_in(written.entry)
        if directory is None or not wanted:
            return []
        key = DirectoryKey(self._office.owner(visitor).id, directory)
        names = await self._stores.people.names(key, wanted)
        root = f"/directories/{wire(DIRECTORY, directory)}"
        return [
            (one.called, f"{root}/people/{wire(USER, one.id)}" if one.kind is Kind.USER else
             f"{root}/groups/{wire(GROUP, one.id)}")
            for one in names.values()
        ]  # fmt: skip

    async def _sides(self, written: Written, visitor: Any, language: Language) -> list[tuple[str, str, str]]:
        """Each attribute of a user or a group that is not the same before and after."""
        entry = written.entry
        about_a_resource = entry.subject_id is not None and entry.type.startswith(("user.", "group."))
        if not about_a_resource or entry.type.endswith(".moved"):
            return []
        sides = await self._stores.journal.around(self._office.owner(visitor).id, entry, written.seq)
        before, after = changed(*(_document(side) for side in sides))
        if entry.type.endswith(".deleted"):
            after = None
        was, became = before or {}, after or {}

        def side(of: JsonObject, name: str) -> str:
            return shown(of[name], language) if name in of else ""

        names = [name for name in {**was, **became} if name not in ("schemas", "id")]
        return [(name, side(was, name), side(became, name)) for name in names]


_DAY: Final = 86_400_000_000


def _day(text: str) -> int | None:
    """The first instant of a day in UTC."""
    try:
        found = date.fromisoformat(text)
        return int(datetime.combine(found, time(), UTC).timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        return None


def _one_of(prefixes: tuple[str, ...], text: str) -> bytes | None:
    found = [one for prefix in prefixes if (one := parsed(prefix, text)) is not None]
    return found[0] if found else None


def _document(side: tuple[Kind, bytes] | None) -> JsonObject | None:
    if side is None:
        return None
    document: JsonObject = orjson.loads(side[1] + b"}")
    return document


def _place(written: Written) -> str:
    """The page of what an entry is about, "" where it has none."""
    entry = written.entry
    area = entry.type.partition(".")[0]
    if entry.subject_id is None:
        return ""
    if area == "member" and entry.type not in ("member.removed", "member.invitation_revoked"):
        return f"/settings/members/{wire(MEMBER, entry.subject_id)}"
    if area == "domain" and entry.type != "domain.removed":
        return f"/settings/domains/{entry.personal.get('domain', '')}"
    if area == "directory" and entry.type != "directory.deleted":
        return f"/directories/{wire(DIRECTORY, entry.subject_id)}"
    if entry.directory_id is not None and area in ("user", "group") and not entry.type.endswith(".deleted"):
        kind, prefix = ("people", USER) if area == "user" else ("groups", GROUP)
        return f"/directories/{wire(DIRECTORY, entry.directory_id)}/{kind}/{wire(prefix, entry.subject_id)}"
    return ""
