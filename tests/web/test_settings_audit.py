"""The pages of the journal: words, filters, one entry, a file; and nothing of another organization."""

import csv
import io
import json
from pathlib import Path

import pytest

from hallway.ids import DIRECTORY, MEMBER, wire
from hallway.journal.model import EVENT_TYPES
from hallway.web.console.settings import exporting
from hallway.web.console.settings.event_words import EVENTS, GROUPS
from hallway.web.console.settings.routes import ROUTES
from hallway.web.rows import ADMIN, FRESH_ADMIN
from tests.web.deployment import deployed
from tests.web.office import opened_office, page_of


def test_every_kind_of_entry_has_words() -> None:
    assert set(EVENTS) == set(EVENT_TYPES)
    assert {kind.partition(".")[0] for kind in EVENT_TYPES} == set(GROUPS)


async def test_entries_are_told_found_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        ann = await office.member("ann@acme.example", "Ann")
        await office.post(f"{page_of(ann)}/role", role="guest")
        place = await hub.place(office.organization)
        user = await hub.client(place).user("grace@navy.example", title="Captain")
        await hub.client(place).patch(f"/Users/{user.id}", {"op": "replace", "path": "title", "value": "Admiral <x>"})
        whole = (await office.get("/settings/audit")).body
        for words in (
            b"Ann has another role", b"Role: Guest", b"Role before: User", b"Olivia &lt;Admin&gt;", b"127.0.0.1",
            b"The directory Staff was made", b"Attributes of grace@navy.example changed",
        ):  # fmt: skip
            assert words in whole, words
        asked = {
            "q=ann": b"Ann joined", f"q={wire(MEMBER, ann.id)}": b"Ann has another role", "kind=directory": b"Staff",
            "actor=member": b"Ann has another role", f"by={wire(MEMBER, office.admin.id)}": b"Ann has another role",
            "actor=token": b"Attributes of grace", "from=2020-01-01&to=2100-01-01": b"Ann joined",
        }  # fmt: skip
        for query, words in asked.items():
            found = (await office.get(f"/settings/audit?{query}", fragment=True)).body
            assert words in found and b"<html" not in found, query
            assert (b"Staff" in found) == (query.startswith(("kind", "from"))), query
        for query in ("q=zork", "to=2020-01-01", "from=2100-01-01", "kind=zork&q=zork"):
            assert b"Nothing is like that" in (await office.get(f"/settings/audit?{query}")).body, query
        assert (await office.get("/settings/audit?from=x&to=9&before=x&actor=x&by=x")).status == 200
        newest = await hub.hub.stores.journal.after(office.organization.id, 0, 99)
        changed = next(one.seq for one in newest if one.entry.type == "user.updated")
        entry = (await office.get(f"/settings/audit/{changed}")).body
        for words in (b"Captain", b"Admiral &lt;x&gt;", b"Before and after", b"/activity/exch_", b"192.0.2.1"):
            assert words in entry, words
        team = await hub.client(place).group("Team", user.id)
        await hub.client(place).patch(f"/Groups/{team.id}", {"op": "remove", "path": "members"})
        removed = (await office.get("/settings/audit")).body
        assert b"Members of the group Team changed" in removed and b"Removed: 1" in removed
        gone = removed.decode().partition("/settings/audit/")[2].partition('"')[0]
        assert b">grace@navy.example</a>" in (await office.get(f"/settings/audit/{gone}")).body
        links = {
            "member.joined": page_of(ann), "directory.created": f"/directories/{wire(DIRECTORY, place.directory.id)}",
            "domain.added": "/settings/domains/acme.example", "token.created": "",
        }  # fmt: skip
        await office.post("/settings/domains", domain="acme.example")
        for written in await hub.hub.stores.journal.after(office.organization.id, 0, 99):
            href = links.get(written.entry.type)
            if href and written.entry.subject_id != office.admin.id:
                assert f'href="{href}"'.encode() in (await office.get(f"/settings/audit/{written.seq}")).body, href
        role = next(one.seq for one in newest if one.entry.type == "member.role_changed")
        assert page_of(ann).encode() in (await office.get(f"/settings/audit/{role}")).body


async def test_the_list_goes_on_behind_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        for number in range(60):
            await office.member(f"p{number:02}@acme.example", f"P{number:02}")
        first = (await office.get("/settings/audit", fragment=True)).body
        assert b"P59 joined" in first and b"P09 joined" not in first
        after = first.decode().partition("/settings/audit?before=")[2].partition('"')[0]
        second = (await office.get(f"/settings/audit?before={after}", fragment=True)).body
        assert b"P10 joined" not in second and b"P09 joined" in second and b"The organization Acme was made" in second


async def test_a_file_has_what_the_filter_finds_and_no_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        for name in ("=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", 'plain, "quoted"'):
            await office.member("a@acme.example", name)
        answer = await office.post("/settings/audit/export", format="csv", kind="member")
        assert answer.status == 200 and answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert 'attachment; filename="audit-' in answer.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
        assert len(rows) == 7 and {row["type"] for row in rows} == {"member.joined"}
        assert {row["subject"][:2] for row in rows} == {"'=", "'+", "'-", "'@", "'\t", "pl", "Ol"}
        assert not any(
            (value or "").startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for value in row.values()
        )
        monkeypatch.setattr(exporting, "MOST_ENTRIES", 3)
        monkeypatch.setattr(exporting, "_AT_ONCE", 2)
        cut = await office.post("/settings/audit/export", format="jsonl")
        assert "newest-3.jsonl" in cut.headers["content-disposition"]
        lines = [json.loads(line) for line in cut.body.splitlines()]
        assert len(lines) == 3 and lines[0]["type"] == "audit.exported" and lines[0]["facts"]["entries"] == 7
        assert lines[0]["actor"]["id"] == wire(MEMBER, office.admin.id)
        assert (await office.post("/settings/audit/export", format="xlsx")).status == 422
        office.sign_in(office.admin, fresh=False)
        assert (await office.post("/settings/audit/export", format="csv")).status == 303


async def test_entries_of_another_organization_and_for_no_administrator_stay_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        beta = await opened_office(hub, "Beta")
        for _ in range(9):
            await beta.member("b@beta.example", "Bea")
        office = await opened_office(hub)
        assert b"Bea" not in (await office.get("/settings/audit")).body
        for entry in ("9", "0", "x", "9" * 30):
            assert (await office.get(f"/settings/audit/{entry}")).status == 404
        office.sign_in(await office.member("user@acme.example"))
        rows = [row for row in ROUTES if row.path.startswith("/settings/audit")]
        assert {row.guard for row in rows} == {ADMIN, FRESH_ADMIN}
        for row in rows:
            path = row.path.replace("{entry}", "1")
            assert (await (office.get(path) if row.method == "GET" else office.post(path))).status == 403, row.path
