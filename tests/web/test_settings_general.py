"""The organization itself, its contacts, its plan: what is shown, what is done, what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from hallway.hub.organizations.members import Role
from hallway.hub.organizations.model import Plan
from hallway.ids import CONTACT, DIRECTORY, ORGANIZATION, wire
from hallway.web.console.settings.routes import ROUTES
from tests.rooms.opened import OPERATOR
from tests.web.deployment import deployed
from tests.web.office import opened_office

OPEN_TO_ALL = {"/settings/members", "/settings/leave"}


async def test_the_name_is_changed_and_ids_are_there_to_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        office.organization = await hub.hub.registrar.update(
            replace(office.organization, external_id="crm-7"), OPERATOR
        )  # fmt: skip
        office.sign_in(office.admin)
        page = (await office.get("/settings/general")).body
        for text in (wire(ORGANIZATION, office.organization.id), "crm-7", "Enterprise", "Active"):
            assert text.encode() in page, text
        wrong = await office.post("/settings/general", name=" ")
        assert wrong.status == 422 and b"A name has 1 to 200 printable characters" in wrong.body
        assert (await office.post("/settings/general", name="Acme & Sons")).status == 303
        found = await hub.hub.stores.organizations.by_id(office.organization.id)
        assert found == replace(office.organization, name="Acme & Sons")


async def test_whoever_is_not_the_last_administrator_may_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        assert b"You are the last administrator" in (await office.get("/settings/leave")).body
        refused = await office.post("/settings/leave")
        assert refused.status == 409 and b"Make another member an administrator first" in refused.body
        assert await office.again(office.admin) == office.admin
        guest = await office.member("guest@acme.example", "Gus", role=Role.GUEST)
        office.sign_in(guest)
        assert b"your sessions in this organization" in (await office.get("/settings/leave")).body
        left = await office.post("/settings/leave")
        assert (left.status, left.headers["location"]) == (303, "/organizations")
        assert await office.again(guest) is None


async def test_an_organization_is_deleted_by_its_name_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        beta = await opened_office(hub, "Beta")
        office = await opened_office(hub)
        place = await hub.place(office.organization)
        await hub.client(place).user("grace@navy.example")
        await office.post("/settings/domains", domain="acme.example")
        await office.post("/settings/members/invite", emails="jo@acme.example", role="user", days="14")
        office.sign_in(office.admin, fresh=False)
        again = await office.get("/settings/general/delete")
        assert (again.status, again.headers["location"][:14]) == (303, "/sign-in/again")
        assert (await office.post("/settings/general/delete", name="Acme")).status == 303
        office.sign_in(office.admin)
        page = (await office.get("/settings/general/delete")).body
        for words in (
            b"1 member loses access",
            b"1 invitation ends",
            b"1 directory with",
            b"1 user",
            b"0 groups",
            b"1 domain",
        ):
            assert words in page, words
        assert (await office.post("/settings/general/delete", name="acme")).status == 422
        assert await hub.hub.stores.organizations.by_id(office.organization.id) == office.organization
        gone = await office.post("/settings/general/delete", name="Acme")
        assert (gone.status, gone.headers["location"]) == (303, "/organizations")
        assert await hub.hub.stores.organizations.by_id(office.organization.id) is None
        assert await office.again(office.admin) is None
        assert await beta.again(beta.admin) == beta.admin


async def test_contacts_are_added_once_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        beta = await opened_office(hub, "Beta")
        await beta.post("/settings/contacts", email="ops@beta.example", name="")
        (foreign,) = await hub.hub.contact_book.all(beta.organization.id)
        office = await opened_office(hub)
        assert b"Only the 1 administrator" in (await office.get("/settings/contacts")).body
        assert (await office.post("/settings/contacts", email="nobody", name="<x>")).status == 422
        assert (await office.post("/settings/contacts", email="it@acme.example", name="<IT>")).status == 303
        twice = await office.post("/settings/contacts", email="IT@acme.example", name="")
        assert twice.status == 422 and b"is there already" in twice.body and b"&lt;IT&gt;" in twice.body
        assert (await office.post(f"/settings/contacts/{wire(CONTACT, foreign.id)}/remove")).status == 404
        (one,) = await hub.hub.contact_book.all(office.organization.id)
        assert (await office.post(f"/settings/contacts/{wire(CONTACT, one.id)}/remove")).status == 303
        assert await hub.hub.contact_book.all(office.organization.id) == []
        assert await hub.hub.contact_book.all(beta.organization.id) == [foreign]


async def test_the_plan_says_what_is_locked_and_whom_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch, support_address="sales@hub.example") as hub:
        office = await opened_office(hub)
        place = await hub.place(office.organization)
        sso = (await office.get("/settings/sso")).body
        assert f"/scim/{wire(DIRECTORY, place.directory.id)}/v2".encode() in sso and b"No connection yet" in sso
        assert b"Everything is unlocked" in (await office.get("/settings/plan")).body
        poor = await opened_office(hub, "Free & Co", Plan.FREE)
        plan = (await poor.get("/settings/plan")).body
        assert b"Locked" in plan and b"mailto:sales@hub.example" in plan and b"Unlocked" not in plan
        assert b"Provisioning is not in your plan" in (await poor.get("/settings/sso")).body
        locked = await poor.get("/directories/new")
        assert locked.status == 403 and b"/settings/plan" in locked.body
        assert (await poor.post("/directories/new", name="X", provider="okta")).status == 403
        assert await hub.hub.stores.directories.of_organization(poor.organization.id) == []


async def test_only_administrators_open_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        for role in (Role.USER, Role.GUEST):
            office.sign_in(await office.member(f"{role.value}@acme.example", role=role))
            for row in ROUTES:
                if row.path not in OPEN_TO_ALL:
                    path = row.path.replace("{", "").replace("}", "")
                    answer = await (office.get(path) if row.method == "GET" else office.post(path))
                    assert answer.status == 403, row.path
        office.sign_in(office.admin)
        for row in ROUTES:
            if row.method == "GET" and "{" not in row.path:
                answer = await office.get(row.path)
                assert answer.status == 200 and answer.body.count(b"<h1>") == 1, row.path
                assert b"<Admin>" not in answer.body, row.path
