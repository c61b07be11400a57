"""Set-up links: what opens them, what they may do, what ends them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hallway.hub.connections.model import (
    Connection,
    ConnectionState,
    KeyState,
    Protocol,
    ProviderKey,
    SamlSettings,
)
from hallway.hub.connections.model import Provider as IdentityProvider
from hallway.hub.directories.model import DirectoryState, Provider
from hallway.hub.organizations.leaving import SetupLinksEnded
from hallway.hub.organizations.members import Member, MemberState, NewMember, Role, Source
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.organizations.service import Refused
from hallway.hub.setup.acts import (
    Workshop,
    another_token,
    as_link,
    choose_provider,
    complete,
    make_directory,
    say_domain,
    say_pasted,
)
from hallway.hub.setup.model import LinkState, SetupLink, Status, Task
from hallway.hub.setup.progress import Findings, Step, statuses
from hallway.hub.setup.service import (
    CODE_LIFETIME,
    CODE_PAUSE,
    CODE_TRIES,
    DAY,
    MINUTE,
    SESSION_LIFETIME,
    Browser,
    MadeLink,
    SetupDesk,
    Visit,
    Wanted,
    Wish,
    create,
    found_link,
    link_actor,
    open_link,
    read_link,
    revoke,
    visit_of,
)
from hallway.ids import SETUP_LINK, AccountId, ConnectionId, MemberId, OrganizationId, SetupLinkId, wire
from hallway.journal.model import Actor, Change, Row
from hallway.journal.ports import Ledger
from hallway.secret_text import SETUP
from hallway.store.setup import SetupLinkStore
from hallway.web.wiring import Hub
from tests.rooms.opened import OPERATOR, administration, canaries_in, opened

ADMINISTRATOR = "ann@acme.example"
SETUP_ID = SetupLinkId(b"l" * 16)


@dataclass
class Post:
    """Mails as they would be sent, and who is told."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)
    members: bool = False

    def __call__(self, _: bytes, to: str, subject: str, text: str) -> Sequence[Row]:
        self.sent.append((to, subject, text))
        return ()

    async def addresses(self, _: OrganizationId) -> Sequence[str]:
        return [ADMINISTRATOR]

    async def has_members(self, _: OrganizationId) -> bool:
        return self.members

    def code(self) -> str:
        """What the newest mail with a code says."""
        text = next(text for _, subject, text in reversed(self.sent) if subject.startswith("Your code"))
        return text.removeprefix("Your code: ").partition("\n")[0]

    def told(self) -> list[str]:
        """What administrators were told."""
        return [text.partition("\n")[0] for to, _, text in self.sent if to == ADMINISTRATOR]


@dataclass
class World:
    """A Hub with an organization, and a clock that moves when it is told to."""

    hub: Hub
    owner: Organization
    post: Post = field(default_factory=Post)
    now: int = 0

    def __post_init__(self) -> None:
        self.now = self.hub.desk.now()

    @property
    def desk(self) -> SetupDesk:
        stores = self.hub.stores
        return SetupDesk(
            stores.database,
            stores.organizations,
            SetupLinkStore(stores.database),
            self.post,
            self.post,
            lambda: self.now,
            self.hub.desk.entropy,
            "https://hub.test",
        )

    @property
    def workshop(self) -> Workshop:
        return Workshop(self.hub.desk, self.hub.catalogue.types, 30)

    async def made(self, *tasks: Task, email: str = "", **more: int) -> tuple[MadeLink, str]:
        """A link and its text."""
        wish = Wish(tasks or (Task.DOMAIN, Task.DIRECTORY), "For IT", email, **more)
        made = await create(self.desk, self.owner, wish, OPERATOR)
        return made, made.address.partition("?link=")[2]

    async def visit(self, *tasks: Task) -> Visit:
        """A link opened in a browser."""
        _, text = await self.made(*tasks)
        cookie = await open_link(self.desk, text, Browser("", "192.0.2.9", "Browser/1"))
        assert isinstance(cookie, str)
        return await self.visited(cookie)

    async def visited(self, cookie: str) -> Visit:
        visit = await visit_of(self.desk, cookie)
        assert visit is not None
        return visit

    async def again(self, visit: Visit) -> Visit:
        """The same browser, a request later."""
        return replace(visit, link=await found_link(self.desk, self.owner.id, wire(SETUP_LINK, visit.link.id)))

    async def journal(self) -> list[tuple[str, str]]:
        """Type and kind of actor of each entry."""
        written = await self.hub.stores.journal.after(self.owner.id, 0, 1000)
        return [(one.entry.type, one.entry.actor.kind) for one in written]


@asynccontextmanager
async def world(directory: Path) -> AsyncIterator[World]:
    async with opened(directory) as hub:
        yield World(hub, await hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR))


async def test_reading_a_link_consumes_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        made, text = await here.made()
        for _ in range(3):
            assert await read_link(here.desk, text) == (here.owner, made.link)
        assert await here.journal() == [("organization.created", "command"), ("setup_link.created", "command")]


async def test_a_link_opens_its_organization_in_any_browser(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        _, text = await here.made()
        cookies = [await open_link(here.desk, text, Browser()) for _ in range(2)]
        assert len(set(cookies)) == 2
        for cookie in cookies:
            assert isinstance(cookie, str)
            visit = await here.visited(cookie)
            assert visit.organization == here.owner
            assert visit.link.opened_at is not None
        assert here.post.told() == ['The set-up link "For IT" was opened in a browser.'] * 2
        assert (await here.journal())[-1] == ("setup_link.opened", "setup_link")


@pytest.mark.parametrize("text", ["", "x", SETUP, f"{SETUP}{'A' * 86}", f"{SETUP}{'é' * 86}"])
async def test_what_is_no_link_opens_nothing(tmp_path: Path, text: str) -> None:
    async with world(tmp_path) as here:
        assert await read_link(here.desk, text) is None
        assert await visit_of(here.desk, text) is None
        with pytest.raises(Refused, match="not valid any more"):
            await open_link(here.desk, text, Browser())


async def test_another_secret_with_the_ids_of_a_link_opens_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        _, text = await here.made()
        cookie = await open_link(here.desk, text, Browser())
        assert isinstance(cookie, str)
        assert await read_link(here.desk, text[:-8] + "AAAAAAAA") is None
        assert await visit_of(here.desk, cookie[:-8] + "AAAAAAAA") is None
        assert await visit_of(here.desk, text) is None
        assert await read_link(here.desk, cookie) is None


async def test_a_link_ends_by_its_time_by_revocation_and_by_completion(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        first, old = await here.made(lifetime=5 * MINUTE)
        second, revoked = await here.made()
        cookie = await open_link(here.desk, revoked, Browser())
        assert isinstance(cookie, str)
        await revoke(here.desk, second.link, OPERATOR)
        assert await visit_of(here.desk, cookie) is None
        here.now += 5 * MINUTE
        for text in (old, revoked):
            assert await read_link(here.desk, text) is None
            with pytest.raises(Refused):
                await open_link(here.desk, text, Browser())
        ended = await revoke(here.desk, second.link, OPERATOR)
        assert (first.link.state(here.now), ended.state(here.now)) == (LinkState.EXPIRED, LinkState.REVOKED)
        assert [one for one, _ in await here.journal()].count("setup_link.revoked") == 1


async def test_a_browsers_session_ends_before_a_long_link_does(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        _, text = await here.made()
        cookie = await open_link(here.desk, text, Browser())
        assert isinstance(cookie, str)
        here.now += SESSION_LIFETIME
        assert await visit_of(here.desk, cookie) is None
        assert await read_link(here.desk, text) is not None


async def test_a_link_that_was_mailed_asks_for_a_code_from_that_mailbox(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        made, text = await here.made(email="it@acme.example")
        assert [(to, made.address in body) for to, _, body in here.post.sent] == [("it@acme.example", True)]
        assert await open_link(here.desk, text, Browser()) is Wanted.CODE
        assert await open_link(here.desk, text, Browser()) is Wanted.CODE
        assert len([1 for _, subject, _ in here.post.sent if subject.startswith("Your code")]) == 1
        code = here.post.code()
        assert await open_link(here.desk, text, Browser("0000 0000")) is Wanted.OTHER_CODE
        assert isinstance(await open_link(here.desk, text, Browser(code)), str)
        assert await open_link(here.desk, text, Browser(code)) is Wanted.OTHER_CODE, "a code is used once"


async def test_a_code_ends_by_time_and_by_tries_and_a_new_one_follows(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        _, text = await here.made(email="it@acme.example")
        await open_link(here.desk, text, Browser())
        for _ in range(CODE_TRIES):
            assert await open_link(here.desk, text, Browser("00000000")) is Wanted.OTHER_CODE
        assert await open_link(here.desk, text, Browser(here.post.code())) is Wanted.OTHER_CODE
        here.now += CODE_PAUSE
        assert await open_link(here.desk, text, Browser()) is Wanted.CODE
        here.now += CODE_LIFETIME
        assert await open_link(here.desk, text, Browser(here.post.code())) is Wanted.OTHER_CODE
        assert await open_link(here.desk, text, Browser()) is Wanted.CODE
        assert isinstance(await open_link(here.desk, text, Browser(here.post.code())), str)


async def test_no_secret_of_a_link_is_kept(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        _, text = await here.made(email="it@acme.example")
        await open_link(here.desk, text, Browser())
        code = here.post.code()
        cookie = await open_link(here.desk, text, Browser(code))
        assert isinstance(cookie, str)
    assert canaries_in(tmp_path, text, text[-43:], cookie, cookie[-43:], code.replace(" ", ""), code) == []


async def test_a_links_wishes_are_checked(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        for wish in (
            Wish(()),
            Wish((Task.DOMAIN,), "x" * 201),
            Wish((Task.DOMAIN,), "a\nb"),
            Wish((Task.DOMAIN,), lifetime=91 * DAY),
            Wish((Task.DOMAIN,), lifetime=0),
        ):
            with pytest.raises(Refused):
                await create(here.desk, here.owner, wish, OPERATOR)


async def test_an_organization_has_a_bounded_number_of_open_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hallway.hub.setup.service.MOST_ALIVE", 2)
    async with world(tmp_path) as here:
        made, _ = await here.made()
        await here.made()
        with pytest.raises(Refused, match="Revoke one first"):
            await here.made()
        await revoke(here.desk, made.link, OPERATOR)
        await here.made()


async def test_a_link_of_another_organization_is_not_found(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        made, _ = await here.made()
        other = await here.hub.registrar.create("Beta", Plan.ENTERPRISE, None, OPERATOR)
        with pytest.raises(Refused) as refused:
            await found_link(here.desk, other.id, wire(SETUP_LINK, made.link.id))
        assert refused.value.reason == "not_found"
        with pytest.raises(Refused):
            await found_link(here.desk, here.owner.id, "setup_x")
        with pytest.raises(Refused):
            await revoke(here.desk, replace(made.link, organization_id=other.id), OPERATOR)


async def test_a_link_makes_one_directory_and_tokens_for_that_one_only(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        visit = await here.visit(Task.DIRECTORY)
        with pytest.raises(Refused, match="Choose your provider"):
            await make_directory(here.desk, here.workshop, visit, "Acme staff", "192.0.2.9")
        with pytest.raises(Refused, match="Make the directory first"):
            await say_pasted(here.desk, visit)
        await choose_provider(here.desk, visit, Provider.OKTA)
        stale, visit = visit, await here.again(visit)
        made, token = await make_directory(here.desk, here.workshop, visit, "Acme staff", "192.0.2.9")
        assert (made.provider, made.state, token.token.directory_id) == (Provider.OKTA, DirectoryState.ACTIVE, made.id)
        raced = replace(stale, link=replace(stale.link, progress=visit.link.progress))
        for late in (raced, await here.again(visit)):
            with pytest.raises(Refused):
                await make_directory(here.desk, here.workshop, late, "Another", "")
        assert await here.hub.stores.directories.of_organization(here.owner.id) == [made]
        visit = await here.again(visit)
        assert visit.link.progress.directory_id == made.id
        await another_token(here.desk, here.workshop, visit, made, "")
        foreign, _ = await administration(here.hub).create(here.owner, "Other", Provider.OTHER, 30)
        with pytest.raises(Refused) as refused:
            await another_token(here.desk, here.workshop, visit, foreign, "")
        assert refused.value.reason == "not_found"
        with pytest.raises(Refused, match="made already"):
            await choose_provider(here.desk, visit, Provider.ENTRA)
        by_link = [kind for kind, actor in await here.journal() if actor == "setup_link"]
        assert by_link == ["setup_link.opened", "directory.created", "token.created", "token.created"]
        told = here.post.told()  # letters of changes that were not written are rows that nobody wrote
        assert told[1] == 'The set-up link "For IT" made the directory Acme staff.'
        assert told[-1] == 'The set-up link "For IT" made another token for Acme staff.'


async def test_where_members_are_a_directory_waits_for_an_administrator(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.post.members = True
        visit = await here.visit(Task.DIRECTORY)
        await choose_provider(here.desk, visit, Provider.OKTA)
        made, _ = await make_directory(here.desk, here.workshop, await here.again(visit), "Acme staff", "")
        assert made.state is DirectoryState.DISABLED
        assert "until an administrator turns it on" in here.post.told()[-1]


async def test_a_link_does_only_what_it_is_for(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        domain, directory = await here.visit(Task.DOMAIN), await here.visit(Task.DIRECTORY)
        made, _ = await administration(here.hub).create(here.owner, "Staff", Provider.OTHER, 30)
        acts = [
            choose_provider(here.desk, domain, Provider.OKTA),
            make_directory(here.desk, here.workshop, domain, "Staff", ""),
            another_token(here.desk, here.workshop, domain, made, ""),
            say_domain(here.desk, directory, "acme.example"),
        ]
        for act in acts:
            with pytest.raises(Refused) as refused:
                await act
            assert refused.value.reason == "not_found"


async def test_an_act_of_another_room_is_told_only_where_it_did_something(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        visit = await here.visit(Task.DOMAIN)
        visit = replace(visit, link=await say_domain(here.desk, visit, "acme.example"))
        assert visit.link.progress.domain == "acme.example"

        async def nothing(ledger: Ledger) -> int:
            return await ledger.commit(Change(here.owner.id))

        assert await as_link(here.desk, visit, "looked", nothing) == 0


async def test_a_link_completes_once_nothing_is_left(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        visit = await here.visit(Task.DOMAIN)
        with pytest.raises(Refused, match="Something is left"):
            await complete(here.desk, visit, Findings({"acme.example": False}), "")
        done = await complete(here.desk, visit, Findings({"acme.example": True}), "")
        assert done.state(here.now) is LinkState.COMPLETED
        with pytest.raises(Refused, match="not valid any more"):
            await say_domain(here.desk, visit, "acme.example")
        assert await SetupLinkStore(here.hub.stores.database).session(here.owner.id, visit.session.id) is None


def test_progress_is_read_off_the_rows() -> None:
    made = SetupLink(SETUP_ID, OrganizationId(b"o" * 16), b"", "", tuple(Task), "command", 0, 1)
    nothing = statuses(made, Findings())
    assert list(nothing) == list(Step)
    assert nothing[Step.PROVE_DOMAIN] is nothing[Step.CHOOSE_PROVIDER] is Status.NOT_STARTED
    assert nothing[Step.GIVE_VALUES] is nothing[Step.FIRST_REQUEST] is nothing[Step.TURN_ON] is Status.WAITING
    waits = statuses(made, Findings({"a.example": False}, DirectoryState.DISABLED))
    assert waits[Step.CHOOSE_PROVIDER] is Status.COMPLETED
    assert {waits[step] for step in (Step.PROVE_DOMAIN, Step.GIVE_VALUES, Step.FIRST_REQUEST, Step.TURN_ON)} == {
        Status.IN_PROGRESS
    }
    sso = (Step.SSO_VALUES, Step.SSO_METADATA, Step.SSO_TEST, Step.SSO_TURN_ON)
    assert nothing[Step.SSO_PROVIDER] is Status.NOT_STARTED and {nothing[step] for step in sso} == {Status.WAITING}
    connection = Connection(
        ConnectionId(b"c" * 16), OrganizationId(b"o" * 16), "x", Protocol.SAML, IdentityProvider.OKTA,
        ConnectionState.DRAFT, 1,
    )  # fmt: skip
    begun = statuses(made, Findings(connection=connection))
    assert [begun[step] for step in sso] == [Status.IN_PROGRESS] * 2 + [Status.WAITING] * 2
    keys = (ProviderKey(b"k", KeyState.TRUSTED, 1),)
    connection = replace(connection, saml=SamlSettings("urn:idp", "https://idp.example/", keys=keys))
    told = statuses(made, Findings(connection=connection))
    assert [told[step] for step in sso] == [Status.COMPLETED] * 2 + [Status.IN_PROGRESS] * 2
    connection = replace(connection, tested_at=1, state=ConnectionState.ACTIVE)
    done = statuses(made, Findings({"a.example": True}, DirectoryState.ACTIVE, 1, connection))
    assert set(done.values()) == {Status.COMPLETED}


async def test_a_deactivated_members_links_open_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        ann = Member(
            MemberId(b"m" * 16), here.owner.id, ADMINISTRATOR, "Ann", Role.ADMIN, MemberState.ACTIVE,
            Source.REGISTERED, here.now, here.now, AccountId(b"a" * 16),
        )  # fmt: skip
        await here.hub.desk.ledger.commit(Change(here.owner.id, (NewMember(ann),)))
        hers = await create(here.desk, here.owner, Wish((Task.DOMAIN,), created_by=wire("mem_", ann.id)), OPERATOR)
        others, text = await here.made(Task.DOMAIN)
        cookie = await open_link(here.desk, hers.address.partition("?link=")[2], Browser())
        assert isinstance(cookie, str)
        await here.hub.desk.ledger.commit(Change(here.owner.id, (SetupLinksEnded(ann.id, here.now),)))
        assert await visit_of(here.desk, cookie) is None
        assert await read_link(here.desk, hers.address.partition("?link=")[2]) is None
        assert await read_link(here.desk, text) == (here.owner, others.link)


def test_a_link_is_named_in_the_journal_without_its_secret() -> None:
    one = SetupLink(SETUP_ID, OrganizationId(b"o" * 16), b"h", "For IT", (Task.DOMAIN,), "command", 0, 1)
    assert link_actor(one, "192.0.2.1") == Actor("setup_link", SETUP_ID, "Set-up link For IT", "192.0.2.1")
