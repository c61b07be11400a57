"""The portal behind a set-up link: what opens it, what it does, and that it opens nothing else."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.connections.model import ConnectionUsed
from hallway.hub.directories.model import DirectoryState
from hallway.hub.organizations.domains import RECORD_PREFIX, TextAnswer
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.organizations.proving import add
from hallway.hub.setup.model import Task
from hallway.hub.setup.service import MadeLink, SetupDesk, Wish, create, revoke
from hallway.ids import DIRECTORY, EXCHANGE, wire
from hallway.journal.model import Change, Row
from hallway.web.routes import ROUTES as EVERY_ROUTE
from hallway.web.rows import NONE, OPERATOR_VISIT, SETUP_LINK
from hallway.web.setup.guard import SetupAdmission
from hallway.web.setup.handlers import setup_handlers
from hallway.web.setup.routes import ROUTES
from hallway.web.wiring import Reading, clock, setup_desk
from tests.rooms.opened import OPERATOR, Place, administration, canaries_in
from tests.web.browsing import Browser
from tests.web.deployment import Deployment, deployed
from tests.web.federation import certificate, metadata
from tests.web.openid import ISSUER, OpenIdProvider

BOTH = (Task.DOMAIN, Task.DIRECTORY)


@dataclass
class Post:
    """Mails as they would be sent."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, _: bytes, to: str, subject: str, text: str) -> Sequence[Row]:
        self.sent.append((to, subject, text))
        return ()

    def code(self) -> str:
        """What the newest mail with a code says."""
        text = next(text for _, subject, text in reversed(self.sent) if subject.startswith("Your code"))
        return text.removeprefix("Your code: ").partition("\n")[0]


@dataclass
class Records:
    """DNS as the test wants it."""

    texts_by_name: dict[str, str] = field(default_factory=dict)

    async def texts(self, name: str) -> TextAnswer:
        found = self.texts_by_name.get(name)
        return TextAnswer(() if found is None else (found,))


@dataclass
class World:
    """A Hub that serves, an organization, mail and DNS in memory."""

    served: Deployment
    desk: SetupDesk
    owner: Organization
    post: Post
    records: Records

    async def made(self, *tasks: Task, email: str = "", owner: Organization | None = None) -> MadeLink:
        """A link, and its address."""
        return await create(self.desk, owner or self.owner, Wish(tasks or BOTH, "For IT", email), OPERATOR)

    def browser(self) -> Browser:
        """A new one, that knows nothing."""
        return Browser(self.served.app)

    async def opened(self, made: MadeLink) -> Browser:
        """A browser in which the link was opened."""
        browser = self.browser()
        answer = await browser.post("/setup/open", link=text_of(made))
        assert (answer.status, answer.headers["location"]) == (303, "/setup")
        return browser

    async def member(self) -> None:
        """Let the organization have somebody who could be touched."""
        roster = self.served.hub.roster
        self.desk = replace(self.desk, concerned=Anybody())
        assert roster is not None
        wired(self.served, self.desk)


class Anybody:
    """Members, and one administrator to tell."""

    async def addresses(self, _: bytes) -> Sequence[str]:
        return ["ann@acme.example"]

    async def has_members(self, _: bytes) -> bool:
        return True


def wired(served: Deployment, desk: SetupDesk) -> None:
    """Let the application use this desk."""
    serving = served.serving
    pages, hub = serving._pages, serving._hub
    assert pages is not None and hub is not None
    sso = serving._sso
    assert sso is not None
    serving.page_handlers.update(setup_handlers(hub, pages, desk, sso.pages.test))
    serving.guards.update(SetupAdmission(pages, desk).guards())


def text_of(made: MadeLink) -> str:
    """The secret in a link's address."""
    return made.address.partition("link=")[2]


@asynccontextmanager
async def world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A deployment with one organization."""
    async with deployed(folder, monkeypatch) as served:
        serving = served.serving
        assert serving._hub is not None
        post, records = Post(), Records()
        serving._hub = replace(
            serving._hub, domain_desk=replace(serving._hub.domain_desk, records=records, letters=post)
        )  # fmt: skip
        desk = setup_desk(serving._hub, post)
        wired(served, desk)
        owner = await served.hub.registrar.create("Acme <Corp>", Plan.ENTERPRISE, None, OPERATOR)
        yield World(served, desk, owner, post, records)


async def with_directory(here: World, *tasks: Task) -> tuple[Browser, str, Any]:
    """A browser that made the link's directory; the token's text, and the link."""
    made = await here.made(*tasks)
    browser = await here.opened(made)
    token = await browser.followed(await browser.post("/setup/provider", provider="jumpcloud"))
    text = "hw_scim_" + token.body.decode().partition('value="hw_scim_')[2].partition('"')[0]
    assert len(text) > 60
    return browser, text, await here.desk.links.link(here.owner.id, made.link.id)


async def test_reading_a_link_uses_nothing_up_and_opening_it_hides_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        made = await here.made()
        browser = here.browser()
        for _ in range(3):
            page = await browser.get(f"/setup/open?link={text_of(made)}")
            assert page.status == 200 and b"Acme &lt;Corp&gt;" in page.body and not page.cookies
            assert page.headers["referrer-policy"] == "no-referrer"
        kept = await here.desk.links.link(here.owner.id, made.link.id)
        assert kept == made.link
        opened = await browser.post("/setup/open", link=text_of(made))
        assert opened.headers["location"] == "/setup"
        assert "HttpOnly" in opened.cookies[0] and "SameSite=Lax" in opened.cookies[0]
        tasks = await browser.followed(opened)
        assert b"What there is to do" in tasks.body and text_of(made).encode() not in tasks.body
        cookie = next(iter(browser.jar.values()))
        assert canaries_in(tmp_path, cookie, cookie[-43:], text_of(made)[-43:]) == []


async def test_a_mailed_link_opens_with_the_code_of_its_mailbox_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        made = await here.made(email="it@acme.example")
        browser = here.browser()
        asked = await browser.post("/setup/open", link=text_of(made))
        assert asked.headers["location"] == "/setup/code" and (await browser.get("/setup")).status == 403
        page = await browser.followed(asked)
        assert page.status == 200 and text_of(made).encode() not in page.body
        assert [to for to, _, _ in here.post.sent][-1] == "it@acme.example"
        assert (await browser.post("/setup/code", code="")).status == 422
        wrong = await browser.post("/setup/code", code="00000000")
        assert wrong.status == 422 and b"does not fit" in wrong.body
        mails = len(here.post.sent)
        assert (await browser.post("/setup/code", again="1")).headers["location"] == "/setup/code"
        assert len(here.post.sent) == mails, "a second code within a minute"
        right = await browser.post("/setup/code", code=here.post.code())
        assert right.headers["location"] == "/setup" and (await browser.followed(right)).status == 200
        assert (await here.browser().get("/setup/code")).status == 404


async def test_guessing_codes_and_links_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        made = await here.made(email="it@acme.example")
        browser = here.browser()
        await browser.post("/setup/open", link=text_of(made))
        statuses = [(await browser.post("/setup/code", code="1")).status for _ in range(25)]
        assert statuses[:5] == [422] * 5 and statuses[-1] == 429
        other = replace(browser, address="192.0.2.51")
        assert (await other.post("/setup/code", code=here.post.code())).status == 422, "too many tries end a code"


async def test_a_link_that_is_not_alive_looks_as_one_that_never_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        revoked = await here.made()
        await revoke(here.desk, revoked.link, OPERATOR)
        long_ago = replace(here.desk, clock=lambda: clock() - 40 * 86_400_000_000)
        expired = await create(long_ago, here.owner, Wish(BOTH), OPERATOR)
        other = text_of(await here.made())
        unknown = other[:-2] + ("AA" if other[-2:] != "AA" else "BA")
        said = []
        for text in (text_of(revoked), text_of(expired), unknown, "hw_setup_x", ""):
            for answer in (
                await here.browser().get(f"/setup/open?link={text}"),
                await here.browser().post("/setup/open", link=text),
            ):
                assert answer.status == 404 and b"does not work" in answer.body and b"Acme" not in answer.body
                said.append(answer.body.partition(b"<main")[2].partition(b"</main>")[0])
        assert len(set(said)) == 1


async def test_the_list_shows_what_is_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        made = await here.made()
        browser = await here.opened(made)
        page = (await browser.get("/setup")).body.decode()
        assert page.count("Not yet started") == 2 and page.count("Cannot start yet") == 3
        assert "/setup/guide" not in page and "Close the link" not in page
        assert (await browser.post("/setup/complete")).status == 409
        token = await browser.followed(await browser.post("/setup/provider", provider="jumpcloud"))
        assert b"Token Key" in token.body and b"only time" in token.body
        again = await browser.get("/setup/token")
        assert b'value="hw_scim_' not in again.body and b"shown once" in again.body
        page = (await browser.get("/setup")).body.decode()
        assert "JumpCloud" in page and "/setup/guide" in page and page.count("Completed") == 2


async def test_work_is_complete_when_the_request_came_and_the_domain_is_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser, token, link = await with_directory(here)
        directory = await here.served.hub.stores.directories.directory(here.owner.id, link.progress.directory_id)
        assert directory is not None and directory.state is DirectoryState.ACTIVE
        waiting = await browser.get("/setup/guide", fragment=True)
        assert b"hx-get" in waiting.body and b"<html" not in waiting.body
        base = f"/scim/{wire(DIRECTORY, directory.id)}/v2"
        client = replace(here.served.client(await here.served.place()), base=base, token=token)
        assert (await client.user("ada@acme.example")).status == 201
        await here.served.written()
        arrived = await browser.get("/setup/guide", fragment=True)
        assert b"hx-get" not in arrived.body and b"Requests arrive" in arrived.body
        record = await browser.followed(await browser.post("/setup/domain", domain="acme.example"))
        assert b"_hallway-challenge.acme.example" in record.body
        checked = await browser.followed(await browser.post("/setup/domain/check"))
        assert b"no TXT record" in checked.body
        claim = await here.served.hub.stores.domains.domain(here.owner.id, "acme.example")
        assert claim is not None
        here.records.texts_by_name[claim.record_name] = RECORD_PREFIX + claim.challenge
        proved = await browser.followed(await browser.post("/setup/domain/check"))
        assert b"Nothing left to do here" in proved.body and b"the domain is proved" in proved.body
        page = await browser.get("/setup")
        assert b"Everything is done" in page.body and page.body.count(b"Completed") == 5
        done = await browser.followed(await browser.post("/setup/complete"))
        assert b"You can close this page" in done.body and (await browser.get("/setup")).status == 403
        events = [one.entry for one in await here.served.hub.stores.journal.after(here.owner.id, 0, 100)]
        by_link = [one.type for one in events if one.actor.kind == "setup_link"]
        assert {"setup_link.opened", "directory.created", "token.created", "domain.added", "domain.proved"} < set(
            by_link
        )
        assert by_link[-1] == "setup_link.completed"


async def test_where_there_are_members_an_administrator_turns_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        await here.member()
        browser, _, link = await with_directory(here, Task.DIRECTORY)
        held = await here.served.hub.stores.directories.directory(here.owner.id, link.progress.directory_id)
        assert held is not None and held.state is DirectoryState.DISABLED
        assert b"Waits for an administrator" in (await browser.get("/setup")).body
        assert b"one of its administrators" in (await browser.get("/setup/turn-on")).body
        assert any("made the directory" in text for to, _, text in here.post.sent if to == "ann@acme.example")
        await administration(here.served.hub).enable(held)
        assert b"What JumpCloud sends is taken" in (await browser.get("/setup/turn-on")).body


async def test_every_page_shows_itself_and_each_exchange_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser, token, link = await with_directory(here, *Task)
        assert b"<h1>" in (await browser.get("/setup/sso")).body
        await browser.post("/setup/sso", provider="jumpcloud")
        directory = wire(DIRECTORY, link.progress.directory_id)
        client = replace(here.served.client(await here.served.place()), base=f"/scim/{directory}/v2", token=token)
        await client.user("ada@acme.example", displayName="Ada <Byron>", password="s3cret-canary")
        await client.user("ADA@acme.example")
        await replace(client, token="hw_scim_wrong").get("/Users")
        await here.served.written()
        kept = await here.served.hub.stores.exchanges.latest(here.owner.id, link.progress.directory_id, None, 10)
        for row in ROUTES:
            if row.method == "GET" and row.guard == SETUP_LINK:
                path = row.path.replace("{exchange}", wire(EXCHANGE, kept[0].id))
                answer = await browser.get(path)
                if path == "/setup/sso":
                    answer = await browser.followed(answer)
                assert answer.status == 200 and b"<h1>" in answer.body, (row.path, answer.body[:300])
                assert b"<Byron>" not in answer.body and b"s3cret-canary" not in answer.body, row.path
                assert b'href="/directories' not in answer.body and b'href="/settings' not in answer.body, row.path
        refused = await browser.get("/setup/activity?outcome=refused")
        assert b"409" in refused.body and b"201" not in refused.body


async def test_another_links_and_another_organizations_rows_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        _, _, link = await with_directory(here)
        place: Place = await here.served.place(here.owner)
        await here.served.client(place).user("eve@acme.example")
        foreign = (await here.served.everything_kept(place))[0]
        beta = await here.served.hub.registrar.create("Beta", Plan.ENTERPRISE, None, OPERATOR)
        for owner in (here.owner, beta):
            stranger = await here.opened(await here.made(owner=owner))
            for path in ("/setup/guide", "/setup/token", "/setup/activity", "/setup/turn-on"):
                assert (await stranger.get(path)).status == 404, path
            assert (await stranger.post("/setup/token")).status == 404
            assert (await stranger.post("/setup/guide")).status == 404
        browser, _, _ = await with_directory(here)
        assert (await browser.get(f"/setup/activity/{wire(EXCHANGE, foreign.id)}")).status == 404
        assert (await browser.post("/setup/provider", provider="okta")).status == 409, "one directory for one link"
        assert link.progress.directory_id is not None


async def test_a_link_does_its_tasks_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        domains = await here.opened(await here.made(Task.DOMAIN))
        assert (await domains.get("/setup/provider")).status == 404
        assert (await domains.post("/setup/provider", provider="okta")).status == 404
        directories = await here.opened(await here.made(Task.DIRECTORY))
        assert (await directories.get("/setup/domain")).status == 404
        assert (await directories.post("/setup/domain", domain="acme.example")).status == 404
        assert (await directories.post("/setup/domain/check")).status == 404
        assert (await directories.post("/setup/provider", provider="nobody")).status == 422


async def test_a_domain_that_cannot_be_proved_is_said_beside_the_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.opened(await here.made(Task.DOMAIN))
        for name in ("", "co.uk", "gmail.com", "http://acme.example"):
            assert (await browser.post("/setup/domain", domain=name)).status == 422, name
        assert (await browser.post("/setup/domain/check")).status == 404
        await browser.post("/setup/domain", domain="acme.example")
        assert [(await browser.post("/setup/domain/check")).status for _ in range(7)][-1] == 429
        assert b"Show the record" in (await browser.get("/setup/domain?other=1")).body


async def test_a_rivals_proof_tells_the_owner_and_never_by_the_links_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        await here.member()
        beta = await here.served.hub.registrar.create("Beta", Plan.ENTERPRISE, None, OPERATOR)
        for owner in (beta, here.owner):
            browser = await here.opened(await here.made(Task.DOMAIN, owner=owner))
            await browser.post("/setup/domain", domain="acme.example")
            claim = await here.served.hub.stores.domains.domain(owner.id, "acme.example")
            assert claim is not None
            here.records.texts_by_name[claim.record_name] = claim.record_value
            here.post.sent.clear()
            page = await browser.followed(await browser.post("/setup/domain/check"))
        assert b"Somebody else has proved this domain too" in page.body and b"Beta" not in page.body
        assert len([to for to, _, text in here.post.sent if "checked" in text]) == 1


async def test_a_setup_session_opens_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser, _, _ = await with_directory(here)
        cookie = browser.jar["hub_setup"]
        browser.jar.update({"hub_session": cookie, "hub_operator": cookie})
        for row in EVERY_ROUTE:
            if row.page and row.guard not in (NONE, OPERATOR_VISIT, SETUP_LINK):
                path = row.path.replace("{", "").replace("}", "")
                answer = await (browser.get(path) if row.method == "GET" else browser.post(path))
                assert answer.status in (303, 401, 403), (row.method, row.path, answer.status)
                assert answer.status != 303 or "sign-in" in answer.headers["location"], (row.method, row.path)


async def test_without_a_session_nothing_of_the_portal_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser, _, link = await with_directory(here)
        stranger = here.browser()
        kept = browser.jar["hub_setup"]
        changed = kept[:-2] + ("BA" if kept.endswith("AA") else "AA")
        for jar in ({}, {"hub_setup": "hw_setup_session_x"}, {"hub_setup": changed}):
            for row in ROUTES:
                if row.guard == SETUP_LINK:
                    stranger.jar = dict(jar)
                    path = row.path.replace("{exchange}", "exch_1")
                    answer = await (stranger.get(path) if row.method == "GET" else stranger.post(path))
                    assert answer.status == 403 and b"Acme" not in answer.body, row.path
        assert (await stranger.get("/setup/guide", fragment=True)).headers["hx-redirect"] == "/setup"
        again = Browser(here.served.app, dict(browser.jar))
        assert (await browser.post("/setup/leave")).status == 303
        assert (await again.get("/setup")).status == 403, "the session itself has ended"
        await revoke(here.desk, link, OPERATOR)


async def test_a_plan_without_directories_is_said_before_anybody_wonders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        free = await here.served.hub.registrar.create("Free", Plan.FREE, None, OPERATOR)
        browser = await here.opened(await here.made(owner=free))
        assert b"plan does not take directories" in (await browser.get("/setup/provider")).body
        await browser.post("/setup/provider", provider="okta")
        assert b"plan does not take directories" in (await browser.get("/setup/guide")).body
        other = await here.opened(await here.made())
        assert b"plan does not take directories" not in (await other.get("/setup/provider")).body


async def test_a_domain_that_an_administrator_claimed_is_the_one_to_prove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        await add(here.served.hub.domain_desk, here.owner, "acme.example", OPERATOR)
        browser = await here.opened(await here.made(Task.DOMAIN))
        assert b"acme.example" in (await browser.get("/setup")).body
        assert b"_hallway-challenge.acme.example" in (await browser.get("/setup/domain")).body
        claim = await here.served.hub.stores.domains.domain(here.owner.id, "acme.example")
        assert claim is not None
        here.records.texts_by_name[claim.record_name] = claim.record_value
        await browser.post("/setup/domain/check")
        assert b"Everything is done" in (await browser.get("/setup")).body


async def _given(here: World, browser: Browser) -> Any:
    """A browser whose link has made its connection and told it who the provider is; the connection's store."""
    assert (await browser.post("/setup/sso", provider="okta")).headers["location"] == "/setup/sso/values"
    values = (await browser.get("/setup/sso/values")).body.decode()
    assert "Single sign-on URL" in values and "/acs" in values
    assert (await browser.post("/setup/sso/metadata", given="<x/>")).status == 422
    taken = await browser.post("/setup/sso/metadata", given=metadata("idp").decode())
    assert taken.headers["location"] == "/setup/sso/test"
    return here.served.hub.stores.connections


async def test_a_link_connects_sign_in_up_to_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        await here.member()
        browser = await here.opened(await here.made(Task.SSO))
        page = (await browser.get("/setup")).body.decode()
        assert page.count("Cannot start yet: needs the step before") == 4
        assert (await browser.get("/setup/sso/values")).status == 404
        assert (await browser.post("/setup/sso", provider="x")).status == 422
        store = await _given(here, browser)
        (one,) = await store.connections(here.owner.id)
        assert (one.name, one.state.value, one.is_complete) == ("Acme <Corp>, Okta", "draft", True)
        started = await browser.post("/setup/sso/test")
        assert started.status == 200 and b"0; url=https://idp.example/sso?SAMLRequest=" in started.body
        assert b"one of its administrators turns" in (await browser.get("/setup/sso/test")).body
        held = await browser.post("/setup/sso/turn-on")
        assert held.status == 409 and (await store.located(one.id)).state.value == "draft"
        assert [subject for _, subject, _ in here.post.sent].count(here.post.sent[-1][1]) >= 3, "each act is told"
        again = await browser.post("/setup/sso", provider="okta")
        assert again.status == 422 and b"made its connection already" in again.body


async def test_a_link_turns_its_connection_on_where_nobody_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.opened(await here.made(Task.SSO))
        store = await _given(here, browser)
        (one,) = await store.connections(here.owner.id)
        early = await browser.post("/setup/sso/turn-on")
        assert early.status == 409 and b"Test a sign-in first" in early.body
        await here.served.hub.stores.database.commit(Change(here.owner.id, (ConnectionUsed(one.id, 1, True),)))
        assert (await browser.post("/setup/sso/turn-on")).status == 303
        assert (await store.located(one.id)).state.value == "active"
        assert b"It is on" in (await browser.get("/setup/sso/test")).body
        changed = await browser.post("/setup/sso/metadata", given=metadata("other").decode())
        assert changed.status == 422 and b"The connection is in use" in changed.body
        assert (await store.located(one.id)).saml.keys[0].certificate == certificate("idp")
        page = (await browser.get("/setup")).body.decode()
        assert page.count("Completed") == 5 and "Close the link" in page


async def test_a_link_for_something_else_sees_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.opened(await here.made(Task.DOMAIN))
        for path in ("/setup/sso", "/setup/sso/values", "/setup/sso/metadata", "/setup/sso/test"):
            assert (await browser.get(path)).status == 404
        for path in ("/setup/sso", "/setup/sso/metadata", "/setup/sso/test", "/setup/sso/turn-on"):
            assert (await browser.post(path, provider="okta")).status == 404


async def test_a_plan_without_single_sign_on_refuses_a_links_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        poor = await here.served.hub.registrar.create("Poor", Plan.FREE, None, OPERATOR)
        browser = await here.opened(await here.made(Task.SSO, owner=poor))
        answer = await browser.post("/setup/sso", provider="oidc")
        assert answer.status == 422 and b"does not have single sign-on" in answer.body


async def test_a_link_sets_an_openid_provider_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = OpenIdProvider()
    pages = {
        f"{ISSUER}/.well-known/openid-configuration": provider.discovery(), f"{ISSUER}/jwks": provider.jwks(),
    }  # fmt: skip

    async def read(_: Reading, url: str) -> bytes:
        return pages[url].encode()

    monkeypatch.setattr(Reading, "__call__", read)
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.opened(await here.made(Task.SSO))
        await browser.post("/setup/sso", provider="oidc")
        assert b"Client secret" in (await browser.get("/setup/sso/metadata")).body
        wrong = await browser.post("/setup/sso/metadata", issuer="", client_id="us", secret="hush")
        assert wrong.status == 422 and b"hush" not in wrong.body
        client = {"issuer": ISSUER, "client_id": "us", "secret": "hush", "authentication": "client_secret_basic"}
        assert (await browser.post("/setup/sso/metadata", **client)).status == 303
        assert f"0; url={ISSUER}/auth?".encode() in (await browser.post("/setup/sso/test")).body
