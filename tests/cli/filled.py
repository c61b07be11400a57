"""A database with something in every table."""

import asyncio
import base64
import hashlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from typing import Any

from hallway.accounts.model import DEPLOYMENT, RecoveryCode, RecoveryCodes
from hallway.exchanges.idempotency import Begun
from hallway.hub.applications.grants import Visit, exchanged, granted
from hallway.hub.applications.model import Addresses, NewSeenAssertion
from hallway.hub.applications.service import Wish as ApplicationWish
from hallway.hub.applications.service import create as create_application
from hallway.hub.connections.enforcement import Enforcement, Exemption, NewEnforcement
from hallway.hub.connections.model import Identity, NewIdentity
from hallway.hub.directories.tokens import DAY
from hallway.hub.sign_in.model import (
    Attempt,
    Kind,
    NewAttempt,
    NewSeenMessage,
    NewSignIn,
    NewSsoSession,
    Outcome,
    SignIn,
    SsoSession,
    StrangerRefusal,
    StrangerRefused,
)
from hallway.ids import AttemptId, SignInId
from hallway.journal.model import Change
from hallway.oidc.oauth_problem import ReturnTo
from hallway.oidc.provider import Asked
from hallway.oidc.token_request import CodeExchange
from hallway.store.idempotency import AnswerStore
from hallway.store.links import REMEMBERED_SECONDS
from hallway.store.sign_in import attempt_context
from hallway.web.app import hourly
from hallway.web.wiring import Hub, application_desk, clock
from tests.cli.commands import Client, text_of
from tests.furnished import House, Post, furnished
from tests.running import ACTOR, RunningHub, Source

CANARY = "canary-5f2b9c"
"""A password that a client sent: it must be nowhere."""


@dataclass(frozen=True)
class Filled:
    """A directory that was written to, and the ids of who is in it."""

    source: Source
    ada: str
    bob: str
    cyd: str
    team: str
    everybody: str


def fill(hub: RunningHub) -> Filled:
    """People, groups in groups, changes, refusals, quirks; written by requests to the running server."""
    source = hub.directory(provider="okta")
    client = Client(source)
    ada = client.user("ada@example.com", displayName="Ada", password=CANARY, emails=[{"value": "ada@example.com"}])
    bob = client.user("bob@example.com", externalId="b-1", displayName="Bob Ünal")
    cyd = client.user("cyd@example.com")
    gone = client.user("gone@example.com")
    team = client.group("Team", ada, bob, gone)
    everybody = client.group("Everybody", team, cyd)
    client.patch(f"/Users/{ada}", op="replace", path="displayName", value="Ada Byron")
    client.patch(f"/Groups/{everybody}", op="remove", path=f'members[value eq "{cyd}"]')
    client.patch(f"/Groups/{everybody}", op="add", path="members", value=[{"value": cyd}])
    client.delete(f"/Users/{gone}")
    assert client.send("POST", "/Users", {"schemas": [], "userName": "ADA@example.com"})[0] == 409
    assert client.send("GET", "/Users", token="hw_scim_unknown")[0] == 401
    assert client.send("GET", f"/Users/{bob}")[0] == 200
    return Filled(source, ada, bob, cyd, team, everybody)


def furnish(hub: RunningHub) -> str:
    """An organization of the console, with people, sessions, a domain, a connection, a set-up link, and operators."""

    async def post(path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
        return await asyncio.to_thread(_posted, f"http://127.0.0.1:{hub.port}/scim{path}", token, body)

    async def whole(opened: Hub) -> str:
        house = await furnished(opened, "Gamma", post)
        await _linked(house, post)
        await _signed_on(opened, house)
        await _granted(opened, house)
        await _kept(opened)
        return house.values["organization"]

    text_of(hub.environ, "hub", "operator", "create", "olga@vendor.example")
    return hub.act(whole)


async def _linked(house: House, post: Post) -> None:
    """Somebody inside the proved domain, who is a member by the directory's word."""
    await asyncio.sleep(REMEMBERED_SECONDS + 0.1)  # so long the server remembers which domains were proved
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "lin@sso.gamma.example"}
    made = await post(f"/{house.values['directory']}/v2/Users", house.token, body)
    assert made["id"]


async def _granted(hub: Hub, house: House) -> None:
    """An application that its administrator signed in to, with a code that is left, and what is kept of a proof."""
    desk, owner = application_desk(hub), house.organization
    [admin, *_] = await hub.stores.members.administrators(owner.id)
    assert admin.account_id is not None
    account = await hub.stores.accounts.by_id(admin.account_id)
    [session, *_] = await hub.stores.accounts.sessions(admin.account_id)
    assert account is not None
    back = "https://app.example/callback"
    made = await create_application(desk, ApplicationWish("Fieldbook", addresses=Addresses((back,))), ACTOR)
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).decode().rstrip("=")
    asked = Asked(made.application.client_id, ReturnTo(back), ("openid",), digest)
    visit = Visit(account, session, owner, admin)
    code = await granted(desk, made.application, asked, visit)
    await exchanged(desk, made.application, CodeExchange(code, back, "v" * 43))
    seen = NewSeenAssertion(made.application.id, b"s" * 32, clock() + DAY, clock())
    await hub.stores.database.commit(Change(DEPLOYMENT, (seen,)))


async def _kept(hub: Hub) -> None:
    """The answer to a request that is not to be carried out twice."""
    answers = AnswerStore(hub.stores.database)
    begun = await answers.begin(b"k" * 32, b"r" * 32, clock())
    assert isinstance(begun, Begun)
    await answers.keep(begun, 201, b"sealed")


async def _signed_on(hub: Hub, house: House) -> None:
    """A member who came by the connection, one who is on her way, one who was refused; and recovery codes."""
    owner, now, fresh = house.organization.id, clock(), hub.desk.fresh_id
    connection, *_ = await hub.stores.connections.connections(owner)
    [admin, *_] = await hub.stores.members.administrators(owner)
    assert admin.account_id is not None
    one, subject = connection.id, b"s" * 32
    [session, *_] = await hub.stores.accounts.sessions(admin.account_id)
    waiting = SignIn(SignInId(fresh()), owner, one, Kind.SIGN_IN, b"b" * 32, "token", now, now + DAY)
    attempt = Attempt(
        AttemptId(fresh()), owner, one, now, Outcome.REFUSED, "plan", Kind.SIGN_IN, "eve", {"came": "in vain"}, admin.id
    )  # fmt: skip
    sealed = hub.keys.encrypt(json.dumps(attempt.detail).encode(), attempt_context(owner, attempt.id))
    sso = SsoSession(one, subject, "index", admin.account_id, session.id, {"value": "ada"}, now + DAY)
    rows = (
        NewIdentity(Identity(one, subject, "ada", admin.id, "email", now)),
        NewEnforcement(Enforcement(owner, one, now, (Exemption(admin.id, now + DAY),))),
        NewSignIn(waiting), NewSeenMessage(one, b"m" * 32, now + DAY, now), NewSsoSession(sso, now),
        NewAttempt(attempt, sealed),
        StrangerRefused(one, 0, StrangerRefusal(now, "signature", "192.0.2.9", "curl")),
    )  # fmt: skip
    await hub.stores.database.commit(Change(owner, rows))
    await hub.people.desk.write(admin.account_id, (RecoveryCodes((RecoveryCode(0, b"c" * 32),)),))


def _posted(address: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            read: dict[str, Any] = json.loads(answer.read())
    except urllib.error.HTTPError as problem:
        read = json.loads(problem.read())
    return read


def promise_mails(hub: RunningHub, filled: Filled) -> None:
    """Mails that wait, since no server runs: an invitation, and that a token ends."""
    owner = filled.source.organization_id
    text_of(hub.environ, "hub", "member", "invite", owner, "eve@example.com")
    text_of(hub.environ, "hub", "token", "create", filled.source.id, "--expires-in-days", "31")

    async def tell(opened: Hub) -> None:
        organization = await opened.registrar.found(owner)
        await opened.contact_book.add(organization.id, "it@example.com", "IT", ACTOR)
        later = replace(opened.desk, clock=lambda: clock() + 2 * DAY)
        for job in hourly(replace(opened, desk=later)):
            await job()

    hub.act(tell)
