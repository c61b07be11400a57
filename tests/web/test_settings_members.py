"""The pages of members: who sees what, what is done, what is refused, and nothing of another organization."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from hallway.accounts.model import NewSession, Session
from hallway.hub.organizations.invitations import InvitationsEnded
from hallway.hub.organizations.members import MemberState, Role
from hallway.ids import MEMBER, MemberId, SessionId, wire
from hallway.web.console.settings.routes import ROUTES
from hallway.web.rows import FRESH_ADMIN
from hallway.web.wiring import clock
from tests.rooms.opened import OPERATOR
from tests.web.deployment import deployed
from tests.web.office import opened_office, page_of


async def test_members_are_listed_searched_and_filtered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        await office.member("grace@navy.example", "Grace Hopper")
        await office.member("guest@acme.example", role=Role.GUEST)
        await office.member("left@acme.example", "Left", state=MemberState.DEACTIVATED, ended_at=clock())
        whole = (await office.get("/settings/members")).body
        assert b"Olivia &lt;Admin&gt;" in whole and b"Registered the organization" in whole and b"4 members" in whole
        found = await office.get("/settings/members?q=hopper", fragment=True)
        assert b"Grace Hopper" in found.body and b"Olivia" not in found.body and b"<html" not in found.body
        assert b"left@acme" not in (await office.get("/settings/members?state=active")).body
        guests = (await office.get("/settings/members?role=guest", fragment=True)).body
        assert b"guest@acme" in guests and b"Grace" not in guests
        assert b"Nobody here is like that" in (await office.get("/settings/members?q=zork")).body
        assert (await office.get("/settings/members?state=zork&role=zork&after=zork")).status == 200


async def test_an_administrator_sees_when_each_was_here_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office, now = await opened_office(hub), clock()
        ann = await office.member("ann@acme.example", "Ann")
        await office.member("bob@acme.example", "Bob", state=MemberState.DEACTIVATED, ended_at=now)
        elsewhere = await hub.hub.registrar.create("Globex", office.organization.plan, None, OPERATOR)
        assert ann.account_id is not None
        for opened, hours in ((office.organization.id, 3), (office.organization.id, 5), (elsewhere.id, 1)):
            at = now - hours * 3_600_000_000
            one = SessionId(hub.hub.desk.fresh_id())
            session = Session(one, ann.account_id, b"h" * 32, (), at, at, at, now, "", "", opened=opened)
            await hub.hub.people.desk.write(ann.account_id, (NewSession(session),))
        rows = BeautifulSoup((await office.get("/settings/members")).body, "html.parser").select("tbody tr")
        seen = [(row.select_one("th").get_text(" "), row.select("td")[-1].get_text()) for row in rows]  # type: ignore[union-attr]
        assert [(name.split()[0], text) for name, text in seen] == [
            ("Ann", "3 hours ago"), ("Bob", ""), ("Olivia", "no session is open"),
        ]  # fmt: skip
        office.sign_in(ann)
        guest = (await office.get("/settings/members")).body
        assert b"Ann" in guest and b"Last seen" not in guest and b"hours ago" not in guest


async def test_a_long_list_goes_on_behind_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        made = [await office.member(f"p{number:02}@acme.example", f"Person {number:02}") for number in range(60)]
        first = (await office.get("/settings/members?q=person", fragment=True)).body
        assert b"Person 49" in first and b"Person 50" not in first
        after = wire(MEMBER, made[49].id)
        assert f"after={after}".encode() in first
        second = (await office.get(f"/settings/members?q=person&after={after}", fragment=True)).body
        assert b"Person 49" not in second and b"Person 50" in second and b"Person 59" in second


async def test_whoever_is_no_administrator_reads_the_list_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        for role in (Role.USER, Role.GUEST):
            office.sign_in(await office.member(f"{role.value}@acme.example", role=role))
            listed = await office.get("/settings/members")
            assert listed.status == 200 and b"You can look" in listed.body
            assert b"Invite people" not in listed.body and page_of(office.admin).encode() not in listed.body
            for row in ROUTES:
                if row.path.startswith("/settings/members/"):
                    path = row.path.replace("{member}", wire(MEMBER, office.admin.id))
                    answer = await (office.get(path) if row.method == "GET" else office.post(path))
                    assert answer.status == 403, row.path
        now = await office.again(office.admin)
        assert now == office.admin


async def test_what_is_dangerous_asks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        ann = await office.member("ann@acme.example", "Ann")
        office.sign_in(office.admin, fresh=False)
        for row in ROUTES:
            if row.guard == FRESH_ADMIN and "{member}" in row.path:
                answer = await office.post(row.path.replace("{member}", wire(MEMBER, ann.id)))
                assert answer.status == 303 and answer.headers["location"].startswith("/sign-in/again"), row.path
        assert await office.again(ann) == ann


async def test_another_organizations_member_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        beta = await opened_office(hub, "Beta")
        ann = await beta.member("ann@beta.example", "Ann")
        office = await opened_office(hub)
        for row in ROUTES:
            if "{member}" in row.path:
                path = row.path.replace("{member}", wire(MEMBER, ann.id))
                answer = await (office.get(path) if row.method == "GET" else office.post(path, role="guest"))
                assert answer.status == 404 and b"Ann" not in answer.body, row.path
        assert await beta.again(ann) == ann
        assert b"ann@beta" not in (await office.get("/settings/members")).body


async def test_people_are_invited_several_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_mail = {"base_url": "https://hub.example", "allowed_hosts": "hub.localhost"}
    async with deployed(tmp_path, monkeypatch, **without_mail) as hub:
        office = await opened_office(hub)
        wrong = await office.post("/settings/members/invite", emails="jo@acme.example\nnobody", role="boss", days="x")
        for words in (b"is no e-mail address", b"Choose a role", b"Enter a number of days", b"jo@acme.example\nnobody"):
            assert words in wrong.body, words
        assert wrong.status == 422 and (await office.post("/settings/members/invite")).status == 422
        sent = await office.post(
            "/settings/members/invite", emails="jo@acme.example, jo@acme.example\r\nolivia@acme.example", role="guest",
            days="3",
        )  # fmt: skip
        assert sent.status == 201 and b"olivia@acme.example is a member already" in sent.body
        assert b"/invitation?code=hw_invite_" in sent.body
        again = await office.post("/settings/members/invite", emails="jo@acme.example", role="guest", days="3")
        assert again.status == 422 and b"is invited already" in again.body
        (jo,) = await hub.hub.stores.members.by_email(office.organization.id, "jo@acme.example")
        assert (jo.role, jo.state) == (Role.GUEST, MemberState.INVITED)
        listed = (await office.get("/settings/members?state=invited", fragment=True)).body
        assert b"Invited by Olivia &lt;Admin&gt;" in listed and b"Ends" in listed
        assert b"has not been accepted" in (await office.get(page_of(jo))).body
        assert (await office.post(f"{page_of(jo)}/resend")).status == 201
        assert (await office.post(f"{page_of(jo)}/revoke")).status == 303
        assert await office.again(jo) is None
        assert (await office.post(f"{page_of(jo)}/resend")).status == 404


async def test_administrators_are_invited_by_who_showed_her_credentials_lately(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        office.sign_in(office.admin, fresh=False)
        wish = {"emails": "jo@acme.example", "days": "14"}
        refused = await office.post("/settings/members/invite", role="admin", **wish)
        assert refused.status == 422 and b"/sign-in/again?next=/settings/members/invite" in refused.body
        assert b"jo@acme.example" in refused.body
        assert await hub.hub.stores.members.by_email(office.organization.id, "jo@acme.example") == []
        assert (await office.post("/settings/members/invite", role="user", **wish)).status == 303
        office.sign_in(office.admin)
        other = {**wish, "emails": "kim@acme.example"}
        assert (await office.post("/settings/members/invite", role="admin", **other)).status == 303


async def test_a_mail_carries_the_link_where_mails_are_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        posted: list[str] = []

        def letters(_: bytes, to: str, __: str, text: str) -> tuple[object, ...]:
            posted.append(f"{to} {text}")
            return (InvitationsEnded(MemberId(b"nobody"), 0),)

        serving = hub.serving._hub
        assert serving is not None
        object.__setattr__(serving.roster, "letters", letters)
        sent = await office.post("/settings/members/invite", emails="jo@acme.example", role="user", days="14")
        assert sent.status == 303 and sent.headers["location"] == "/settings/members"
        assert len(posted) == 1 and "hw_invite_" in posted[0]
        assert b"1 person was invited" in (await office.get("/settings/members")).body


async def test_a_member_is_changed_ended_and_let_in_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        ann = await office.member("ann@acme.example", "Ann")
        page = page_of(ann)
        assert ann.account_id is not None
        assert b"Last seen here" not in (await office.get(page)).body
        for opened in (office.organization.id, None):
            one, now = SessionId(hub.hub.desk.fresh_id()), clock()
            session = Session(one, ann.account_id, b"h" * 32, (), now, now, now, now, "", "", opened=opened)
            await hub.hub.people.desk.write(ann.account_id, (NewSession(session),))
        shown = (await office.get(page)).body
        assert b"Last seen here" in shown
        assert b"Ann joined" in shown and b"her account and her other organizations" in shown
        assert (await office.post(f"{page}/role", role="boss")).status == 422
        assert (await office.post(f"{page}/role", role="admin")).status == 303
        assert (await office.post(f"{page}/sessions")).status == 303
        assert (await office.post(f"{page}/deactivate")).status == 303
        now = await office.again(ann)
        assert now is not None and (now.role, now.state) == (Role.ADMIN, MemberState.DEACTIVATED)
        assert now.access_from > ann.access_from
        assert b"was deactivated" in (await office.get(page)).body
        assert (await office.post(f"{page}/reactivate")).status == 303
        history = (await office.get(page)).body
        for words in (b"Ann was reactivated", b"Role before: User", b"All sessions of Ann ended", b"127.0.0.1"):
            assert words in history, words
        removed = await office.post(f"{page}/remove")
        assert removed.status == 303 and removed.headers["location"] == "/settings/members"
        assert await office.again(ann) is None


async def test_the_last_administrator_stays_and_the_page_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        page = page_of(office.admin)
        assert b"the last administrator who can sign in" in (await office.get(page)).body
        refused = await office.post(f"{page}/role", role="user")
        assert refused.status == 409 and b"Make another member an administrator first" in refused.body
        for act in ("deactivate", "remove"):
            own = await office.post(f"{page}/{act}")
            assert own.status == 409 and b"This is you" in own.body
        assert await office.again(office.admin) == office.admin
        await office.post("/preferences", language="de", next="/")
        german = await office.post(f"{page}/role", role="user")
        assert b"Machen Sie zuerst" in german.body


async def test_who_is_invited_or_owned_by_a_directory_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        office = await opened_office(hub)
        await office.post("/settings/members/invite", emails="jo@acme.example", role="user", days="14")
        (jo,) = await hub.hub.stores.members.by_email(office.organization.id, "jo@acme.example")
        refused = await office.post(f"{page_of(jo)}/deactivate")
        assert refused.status == 409 and b"Revoke the invitation instead" in refused.body
        place = await hub.place(office.organization)
        owned = await office.member("dir@acme.example", "Dora", directory_id=place.directory.id)
        assert b"Directory Staff" in (await office.get("/settings/members")).body
        assert b"looks after this member" in (await office.get(page_of(owned))).body
