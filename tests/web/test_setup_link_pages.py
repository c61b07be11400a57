"""The pages on which administrators make set-up links: each shown once, each organization's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hallway.hub.organizations.leaving import SetupLinksEnded
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.setup.model import LinkState, Task
from hallway.hub.setup.service import DAY
from hallway.ids import SETUP_LINK, MemberId, wire
from hallway.journal.model import Actor, Change, Row
from hallway.store.setup import SetupLinkStore
from hallway.web.admitting import Admission
from hallway.web.console.setup.links import LinkPages
from hallway.web.console.setup.routes import LINKS, ROUTES
from hallway.web.setup.making import LinkBench
from hallway.web.wiring import clock, setup_desk
from tests.rooms.opened import OPERATOR, canaries_in
from tests.web.browsing import Browser
from tests.web.deployment import Deployment, deployed

OLIVIA = MemberId(b"m" * 16)


@dataclass
class Post:
    """Mails as they would be sent."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, _: bytes, to: str, subject: str, text: str) -> Sequence[Row]:
        self.sent.append((to, subject, text))
        return ()


def signed_in(served: Deployment, organization: Organization, role: str = "admin") -> Browser:
    """A browser of one of its members."""
    member = SimpleNamespace(id=OLIVIA)
    who = SimpleNamespace(
        name="Olivia", email="o@acme.example", locale="", role=role, organization_name=organization.name,
        organization=organization, member=member, authenticated_at=clock(),
        actor=lambda request: Actor("member", OLIVIA, "Olivia", request.client_address),
    )  # fmt: skip

    async def find(_: Any) -> Any:
        return who

    pages = served.serving._pages
    assert pages is not None
    served.serving.guards.update(Admission(pages, find, clock).guards())
    return Browser(served.app)


def with_mail(served: Deployment, can_mail: bool = True) -> Post:
    """Let pages send mail, or not."""
    pages, hub, post = served.serving._pages, served.serving._hub, Post()
    assert pages is not None and hub is not None
    bench = LinkBench(pages, hub.keys, setup_desk(hub, post), can_mail)
    served.serving.page_handlers.update(LinkPages(bench).handlers())
    return post


async def test_a_link_is_made_shown_once_and_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as served:
        owner = await served.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        browser = signed_in(served, owner)
        form = await browser.get(LINKS)
        assert form.status == 200 and b"Mail it to" in form.body
        made = await browser.post(LINKS, task=["domain", "directory"], days="7", label="For <IT>")
        once = await browser.followed(made)
        address = once.body.decode().partition("/setup/open?link=")[2].partition('"')[0]
        assert len(address) == 95 and address not in str(made.headers) and address not in str(made.cookies)
        again = await browser.get(made.headers["location"])
        assert address not in again.body.decode() and b"shown already" in again.body
        (link,) = await SetupLinkStore(served.hub.stores.database).links(owner.id)
        assert (link.tasks, link.label, link.email) == ((Task.DOMAIN, Task.DIRECTORY), "For <IT>", "")
        assert link.expires_at - link.created_at == 7 * DAY and link.created_by == f"mem_{OLIVIA.hex()}"
        listed = await browser.get(LINKS)
        assert b"For &lt;IT&gt;" in listed.body and address not in listed.body.decode()
        assert (await Browser(served.app).get(f"/setup/open?link={address}")).status == 200
        revoked = await browser.followed(await browser.post(f"{LINKS}/{wire(SETUP_LINK, link.id)}/revoke"))
        assert b"The link has ended" in revoked.body and b"Revoked" in revoked.body
        assert (await Browser(served.app).get(f"/setup/open?link={address}")).status == 404
        assert canaries_in(tmp_path, address[-43:]) == []


async def test_a_form_that_is_wrong_says_what_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as served:
        owner = await served.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        browser = signed_in(served, owner)
        post = with_mail(served)
        for fields, said in (
            ({"days": "7"}, b"Choose at least one task"),
            ({"task": "other", "days": "7"}, b"Choose at least one task"),
            ({"task": "domain", "days": "8"}, b"Choose how long"),
            ({"task": "domain", "days": "7", "email": "nobody"}, b"Enter an e-mail address"),
            ({"task": "domain", "days": "7", "label": "x" * 201}, b"200 printable"),
        ):
            answer = await browser.post(LINKS, **fields)
            assert answer.status == 422 and said in answer.body, fields
        assert not post.sent and not await SetupLinkStore(served.hub.stores.database).links(owner.id)


async def test_a_link_that_is_mailed_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as served:
        owner = await served.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        browser = signed_in(served, owner)
        post = with_mail(served)
        page = await browser.followed(await browser.post(LINKS, task="domain", days="1", email="it@acme.example"))
        ((to, _, text),) = post.sent
        assert to == "it@acme.example" and "/setup/open?link=hw_setup_" in text
        assert b"mailed to it@acme.example" in page.body and b"hw_setup_" not in page.body


async def test_without_mail_a_link_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as served:
        owner = await served.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        browser = signed_in(served, owner)
        post = with_mail(served, can_mail=False)
        assert b"Mail it to" not in (await browser.get(LINKS)).body
        made = await browser.post(LINKS, task="domain", days="1", email="it@acme.example")
        assert made.headers["location"] == f"{LINKS}/made" and not post.sent
        (link,) = await SetupLinkStore(served.hub.stores.database).links(owner.id)
        assert link.email == "", "no code could be mailed"


async def test_another_organizations_links_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as served:
        acme = await served.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        beta = await served.hub.registrar.create("Beta", Plan.ENTERPRISE, None, OPERATOR)
        await signed_in(served, acme).post(LINKS, task="domain", days="1", label="Secret plan")
        (link,) = await SetupLinkStore(served.hub.stores.database).links(acme.id)
        stranger = signed_in(served, beta)
        assert b"Secret plan" not in (await stranger.get(LINKS)).body
        assert (await stranger.post(f"{LINKS}/{wire(SETUP_LINK, link.id)}/revoke")).status == 404
        for role in ("user", "guest"):
            member = signed_in(served, acme, role)
            for row in ROUTES:
                path = row.path.replace("{link}", wire(SETUP_LINK, link.id))
                answer = await (member.get(path) if row.method == "GET" else member.post(path))
                assert answer.status == 403, (role, row.path)
        kept = await SetupLinkStore(served.hub.stores.database).link(acme.id, link.id)
        assert kept == link


async def test_a_members_links_end_when_she_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as served:
        owner = await served.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        await signed_in(served, owner).post(LINKS, task="domain", days="1")
        store = SetupLinkStore(served.hub.stores.database)
        await served.hub.stores.database.commit(Change(owner.id, (SetupLinksEnded(OLIVIA, clock()),)))
        (link,) = await store.links(owner.id)
        assert link.state(clock()) is LinkState.REVOKED
