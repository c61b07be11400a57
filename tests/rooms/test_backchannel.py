"""Back-channel logout: applications are told that a session ended, by the lanes that deliver everything else."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

from hallway.accounts.desk import Browser
from hallway.delivery.model import EndpointState
from hallway.delivery.ports import Verdict
from hallway.hub.applications.backchannel import endpoint_of
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.grants import Visit, granted
from hallway.hub.applications.model import Addresses, Application, ApplicationState
from hallway.hub.applications.service import Wish, change, create, delete, found_application, set_state, wish_of
from hallway.hub.organizations.leaving import ended
from hallway.hub.organizations.members import Role
from hallway.hub.webhooks.logouts import Logouts
from hallway.hub.webhooks.switching_off import letter
from hallway.ids import MEMBER, OrganizationId, wire
from hallway.journal.model import Change
from hallway.oidc.issuing import LOGOUT_TOKEN, own_claims
from hallway.oidc.oauth_problem import ReturnTo
from hallway.oidc.provider import Asked
from hallway.outbound import Answer
from hallway.web.wiring import Hub, application_desk
from tests.delivering import Heard, Round, delivering
from tests.furnished import member
from tests.rooms.opened import OPERATOR

BACK = "https://app.example/callback"
OUT = "https://app.example/out"
HERE = Browser("192.0.2.1", "tests")


async def application(desk: ApplicationDesk, url: str = OUT) -> Application:
    return (await create(desk, Wish("Fieldbook", addresses=Addresses((BACK,), (), url)), OPERATOR)).application


async def signed_in(hub: Hub, post: Round, app: Application, email: str = "una@acme.example") -> Visit:
    """A member of a new organization who came to the application."""
    owner = await post.organization(email.partition("@")[2])
    _, cookies = await member(hub, owner, email, Role.USER)
    return await came(hub, app, owner.id, cookies["hub_session"])


async def came(hub: Hub, app: Application, owner: OrganizationId, text: str) -> Visit:
    found = await hub.people.sessions.visited(text)
    assert found is not None
    account, session = found
    organization = await hub.stores.organizations.by_id(owner)
    assert organization is not None
    here = await hub.stores.members.by_account(organization.id, account.id)
    assert here is not None
    visit = Visit(account, session, organization, here)
    asked = Asked(app.client_id, ReturnTo(BACK), ("openid",), "c" * 43)
    await granted(application_desk(hub), app, asked, visit)
    return visit


async def read(desk: ApplicationDesk, heard: Heard) -> dict[str, object]:
    """The claims of what an address got."""
    assert heard.headers["content-type"] == "application/x-www-form-urlencoded"
    (token,) = parse_qs(heard.body.decode())["logout_token"]
    return dict(own_claims(token, await desk.signing.key_set(), desk.issuer, LOGOUT_TOKEN))


async def test_a_session_that_ends_is_told_where_it_was_known(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        desk = application_desk(post.hub)
        app, other = await application(desk), await application(desk, "https://other.example/out")
        await application(desk, "")
        una = await signed_in(post.hub, post, app)
        await post.run()
        assert post.receivers.heard == [], "signing in is nothing to be told of"
        await post.hub.people.sessions.end(una.account, una.session.id, HERE)
        await post.run()
        (heard,) = post.receivers.heard
        claims = await read(desk, heard)
        assert heard.url == OUT and (claims["aud"], claims["sub"]) == (app.client_id, wire(MEMBER, una.member.id))
        assert claims["sid"] and other.client_id != app.client_id


async def test_whoever_is_deactivated_is_told_to_every_application_that_knew_her(
    tmp_path: Path, database_url: str
) -> None:
    async with delivering(tmp_path, database_url) as post:
        desk = application_desk(post.hub)
        app = await application(desk)
        una = await signed_in(post.hub, post, app)
        await signed_in(post.hub, post, app, "eve@beta.example")
        entry = desk.entry("member.deactivated", una.member.id, OPERATOR, {})
        rows = ended(una.member, desk.clock())[1]
        await post.hub.stores.database.commit(Change(una.organization.id, rows, (entry,), entry.id))
        await post.run()
        (heard,) = post.receivers.heard
        claims = await read(desk, heard)
        assert claims["sub"] == wire(MEMBER, una.member.id) and "sid" not in claims


async def test_an_application_that_is_down_is_told_later_with_a_token_of_then(
    tmp_path: Path, database_url: str
) -> None:
    async with delivering(tmp_path, database_url) as post:
        desk = application_desk(post.hub)
        app = await application(desk)
        una = await signed_in(post.hub, post, app)
        post.receivers.behave[OUT] = lambda _: 503 if len(post.receivers.heard) < 3 else 200
        await post.hub.people.sessions.end(una.account, una.session.id, HERE)
        await post.run()
        tokens = {one.body for one in post.receivers.heard}
        assert len(post.receivers.heard) == len(tokens) == 3 and len(post.receivers.taken) == 1


async def test_a_token_that_is_refused_holds_up_nobody(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        app = await application(application_desk(post.hub))
        una = await signed_in(post.hub, post, app)
        eve = await signed_in(post.hub, post, app, "eve@beta.example")
        post.receivers.behave[OUT] = lambda one: 400 if one is post.receivers.heard[0] else 204
        for one in (una, eve):
            await post.hub.people.sessions.end(one.account, one.session.id, HERE)
        await post.run()
        assert [len(post.receivers.heard), len(post.receivers.taken)] == [2, 1]
        strategy = Logouts(application_desk(post.hub), post.hub.teller)
        found = [strategy.verdict(Answer(status, {}, b"", OUT)) for status in (200, 204, 400, 500, 410)]
        assert found == [Verdict.TAKEN, Verdict.TAKEN, Verdict.NEVER, Verdict.AGAIN, Verdict.GONE]


async def test_where_it_is_told_comes_and_goes_with_the_application(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        desk = application_desk(post.hub)
        app = await application(desk, "")
        assert await endpoint_of(desk, app) is None
        asked = wish_of(app)
        app = await change(desk, app, replace(asked, addresses=replace(asked.addresses, logout_uri=OUT)), OPERATOR)
        made = await endpoint_of(desk, app)
        assert made is not None and (made.url, made.state) == (OUT, EndpointState.ACTIVE)
        app = await change(desk, app, replace(wish_of(app), name="Logbook"), OPERATOR)
        renamed = await endpoint_of(desk, app)
        assert renamed is not None and (renamed.id, renamed.name) == (made.id, "Logbook")
        asked = wish_of(app)
        app = await change(desk, app, replace(asked, addresses=replace(asked.addresses, logout_uri="")), OPERATOR)
        assert await endpoint_of(desk, app) is None
        app = await change(desk, app, asked, OPERATOR)
        await delete(desk, app, OPERATOR)
        assert await endpoint_of(desk, app) is None and await desk.endpoints.endpoints() == []


async def test_a_disabled_application_is_told_nothing(tmp_path: Path, database_url: str) -> None:
    async with delivering(tmp_path, database_url) as post:
        desk = application_desk(post.hub)
        app = await application(desk)
        una = await signed_in(post.hub, post, app)
        await set_state(desk, app, ApplicationState.DISABLED, OPERATOR)
        await post.hub.people.sessions.end(una.account, una.session.id, HERE)
        await post.run()
        assert post.receivers.heard == []


async def test_an_endpoint_that_was_switched_off_comes_back_with_its_application(
    tmp_path: Path, database_url: str
) -> None:
    async with delivering(tmp_path, database_url) as post:
        desk = application_desk(post.hub)
        app = await application(desk)
        una = await signed_in(post.hub, post, app)
        post.receivers.behave[OUT] = lambda _: 410
        await post.hub.people.sessions.end(una.account, una.session.id, HERE)
        await post.run()
        off = await endpoint_of(desk, app)
        assert off is not None and off.state is EndpointState.OFF
        assert f"hallway hub application enable {app.client_id}" in letter(off, "https://hub.example")[1]
        post.receivers.behave.clear()
        await set_state(desk, await found_application(desk, app.client_id), ApplicationState.ACTIVE, OPERATOR)
        await post.run()
        assert len(post.receivers.taken) == 1, "what waited is told"
