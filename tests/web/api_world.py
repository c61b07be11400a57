"""A deployment with two furnished organizations, a key that may everything, and a sound request of every route."""

import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hallway.delivery.model import Attempt, Delivery, DeliveryDone, DeliveryState
from hallway.dns import DnsRecords
from hallway.http_client import GuardedClient
from hallway.hub.applications.api_keys import create
from hallway.hub.applications.scopes import SCOPES
from hallway.hub.connections.desk import found_connection
from hallway.hub.connections.enforcement import Enforcement, NewEnforcement
from hallway.hub.connections.model import Connection, KeyState, ProviderKey
from hallway.hub.connections.service import Changing, changed_connection
from hallway.hub.connections.trusted import key_name
from hallway.hub.organizations.domains import TextAnswer
from hallway.ids import MEMBER, DeliveryAttemptId, EndpointId, EntryId, parsed, wire
from hallway.journal.model import Change
from hallway.outbound import OutboundProblem, Question
from hallway.web.api import directories
from hallway.web.api.endpoint import ROOT, Endpoint
from hallway.web.wiring import clock, connection_desk, key_desk
from tests.furnished import House, furnished
from tests.rooms.opened import OPERATOR
from tests.web.asgi import Answer, call
from tests.web.deployment import Deployment, deployed
from tests.web.federation import certificate, metadata

HOOK = "https://app.example/hooks/hallway"
RETURNS = "https://app.example/settings/sso"


@dataclass
class Sound:
    """A request that has to be answered with 2xx: what stands in its path, its body, its query."""

    params: dict[str, str] = field(default_factory=dict)
    body: Any = None
    query: str = ""

    def path(self, template: str) -> str:
        """The address."""
        return template.format(**self.params) + (f"?{self.query}" if self.query else "")


@dataclass
class ApiWorld:
    """Requests to the API, and things that they are about."""

    hub: Deployment
    acme: House
    beta: House
    key: str
    counter: "itertools.count[int]" = field(default_factory=itertools.count)

    async def send(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> tuple[Answer, Any]:
        """An answer, and its JSON."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        shown = self.key if key is None else key
        if shown:
            given["authorization"] = f"Bearer {shown}"
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if body is not None:
            given.setdefault("content-type", "application/json")
        answer = await call(self.hub.app, method, path if path.startswith("/") else f"{ROOT}/{path}", given, raw)
        return answer, json.loads(answer.body) if answer.body else None

    async def good(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of an answer that has to be 2xx."""
        answer, read = await self.send(method, path, body, **headers)
        assert answer.status < 300, (method, path, answer.status, read)
        return read

    async def bearer(self, *scopes: str) -> str:
        """A key with these scopes alone."""
        return (await create(key_desk(self.hub.hub), "Narrow", scopes, None, OPERATOR)).text

    @property
    def here(self) -> str:
        """Acme's address."""
        return f"{ROOT}/organizations/{self.acme.values['organization']}"

    def name(self, what: str = "thing") -> str:
        """A name that nothing has."""
        return f"{what}-{next(self.counter)}"

    async def sound(self, endpoint: Endpoint) -> Sound:
        """A request of this route that has to succeed; what it ends is fresh."""
        maker = _MAKERS.get(endpoint.serve.__name__, _as_furnished)
        return await maker(self)

    async def fresh_organization(self) -> str:
        """A new organization's id."""
        return str((await self.good("POST", "organizations", {"name": self.name("Org")}))["id"])

    async def fresh_connection(self, told: bool = False) -> str:
        """A new connection's id, in an organization of its own: one has twenty at most; `told` ones are complete."""
        organization = await self.fresh_organization()
        place = f"organizations/{organization}/connections"
        made = await self.good("POST", place, {"name": self.name("Conn"), "protocol": "saml"})
        if told:
            await self.good("POST", f"{place}/{made['id']}/provider", {"metadata": metadata("idp").decode()})
        return f"{organization}/{made['id']}"

    async def offered_key(self) -> tuple[str, str, str]:
        """A connection with a key that waits for approval: organization, connection, key."""
        organization, _, connection = (await self.fresh_connection(told=True)).partition("/")
        desk = connection_desk(self.hub.hub)
        owner = await self.hub.hub.registrar.found(organization)
        one = await found_connection(desk, owner.id, connection)
        key = ProviderKey(certificate("sp"), KeyState.OFFERED, 1)

        def offered(was: Connection) -> Connection:
            return replace(was, saml=replace(was.saml, keys=(*was.saml.keys, key)))

        await changed_connection(desk, OPERATOR, one, Changing("connection.metadata_changed", offered))
        return organization, connection, key_name(key.certificate)


Maker = Callable[[ApiWorld], Awaitable[Sound]]


_NOWHERE = {"webhook": "hook", "event": "evt", "application": "app", "secret": "secret"}
"""What no organization has of its own, and no request finds under this name."""


def furnished_params(house: House) -> dict[str, str]:
    """What stands in paths, of the things that a furnished organization has."""
    nowhere = {name: f"{prefix}_{'0' * 32}" for name, prefix in _NOWHERE.items()}
    return {**nowhere, **house.values, "person": house.values["user"]}


async def _as_furnished(world: ApiWorld) -> Sound:
    return Sound(furnished_params(world.acme))


def _on_organization(**body: Any) -> Maker:
    async def made(world: ApiWorld) -> Sound:
        return Sound({"organization": await world.fresh_organization()}, body or None)

    return made


def _with(body: Callable[[ApiWorld], Any], query: str = "") -> Maker:
    async def made(world: ApiWorld) -> Sound:
        return Sound(furnished_params(world.acme), body(world), query)

    return made


async def _invited(world: ApiWorld) -> Sound:
    made = await world.good("POST", f"{world.here}/members", {"email": f"{world.name('guest')}@acme.example"})
    return Sound({**world.acme.values, "member": made["member"]["id"]})


async def _active(world: ApiWorld) -> Sound:
    """An active member who is no administrator, with a body for those who take one."""
    found = await world.hub.hub.stores.members.by_email(world.acme.organization.id, "una@acme.example")
    return Sound({**world.acme.values, "member": wire(MEMBER, found[0].id)})


async def _role(world: ApiWorld) -> Sound:
    return replace(await _active(world), body={"role": ("guest", "user")[next(world.counter) % 2]})


async def _directory(world: ApiWorld) -> Sound:
    organization = await world.fresh_organization()
    made = await world.good("POST", f"organizations/{organization}/directories", {"name": world.name("Dir")})
    return Sound({"organization": organization, "directory": made["directory"]["id"]})


async def _deleted(world: ApiWorld) -> Sound:
    return replace(await _directory(world), query="people=keep")


async def _token(world: ApiWorld) -> Sound:
    sound = await _directory(world)
    place = "organizations/{organization}/directories/{directory}/tokens".format(**sound.params)
    made = await world.good("POST", place, {})
    return Sound({**sound.params, "token": made["token"]["id"]})


async def _new_token(world: ApiWorld) -> Sound:
    return Sound((await _directory(world)).params, {"label": world.name("token"), "days": 30})


async def _stream(world: ApiWorld) -> Sound:
    sound = await _directory(world)
    place = "organizations/{organization}/directories/{directory}/streams".format(**sound.params)
    made = await world.good("POST", place, {"audience": world.name("reader")})
    return Sound({**sound.params, "stream": made["stream"]["id"]})


async def _pushed_stream(world: ApiWorld) -> Sound:
    sound = await _directory(world)
    place = "organizations/{organization}/directories/{directory}/streams".format(**sound.params)
    made = await world.good("POST", place, {"audience": world.name("reader"), "push_url": HOOK})
    return Sound({**sound.params, "stream": made["stream"]["id"]}, {})


async def _new_stream(world: ApiWorld) -> Sound:
    return Sound((await _directory(world)).params, {"audience": "https://app.example"})


async def _domain(world: ApiWorld) -> Sound:
    organization = await world.fresh_organization()
    made = await world.good("POST", f"organizations/{organization}/domains", {"name": f"{world.name('corp')}.example"})
    return Sound({"organization": organization, "domain": made["name"]})


async def _new_domain(world: ApiWorld) -> Sound:
    return Sound({"organization": await world.fresh_organization()}, {"name": f"{world.name('corp')}.example"})


def _on_connection(told: bool = False, **body: Any) -> Maker:
    async def made(world: ApiWorld) -> Sound:
        organization, _, connection = (await world.fresh_connection(told)).partition("/")
        return Sound({"organization": organization, "connection": connection}, body or None)

    return made


async def _key(world: ApiWorld) -> Sound:
    organization, connection, key = await world.offered_key()
    return Sound({"organization": organization, "connection": connection, "key": key})


async def _placed(world: ApiWorld) -> str:
    """An event that the feed has."""
    asked = f"organization={world.acme.values['organization']}&wait=5"
    return str((await world.good("GET", f"events?{asked}"))["items"][0]["id"])


async def _event(world: ApiWorld) -> Sound:
    return Sound({"event": await _placed(world)})


async def _receipt(world: ApiWorld) -> Sound:
    return Sound({}, {"event": await _placed(world), "did": [{"what": "sessions_ended", "count": 2}]})


async def _waiting(world: ApiWorld) -> Sound:
    """Somebody of a domain that nobody has proved."""
    sound, name = await _directory(world), f"{world.name('jo')}@nowhere.example"
    made = await world.good(
        "POST", "organizations/{organization}/directories/{directory}/tokens".format(**sound.params), {}
    )
    headers = {"authorization": f"Bearer {made['text']}", "content-type": "application/scim+json"}
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name}
    path = f"/scim/{sound.params['directory']}/v2/Users"
    answer = await call(world.hub.app, "POST", path, headers, json.dumps(body).encode())
    return Sound({**sound.params, "user": json.loads(answer.body)["id"]})


async def enforced(world: ApiWorld, days: int | None = None) -> Sound:
    """An organization that enforces single sign-on, as it is kept."""
    owner, stores = world.acme.organization.id, world.hub.hub.stores
    if await stores.enforcements.enforcement(owner) is None:
        connection = (await stores.connections.connections(owner))[0].id
        await stores.database.commit(Change(owner, (NewEnforcement(Enforcement(owner, connection, 1)),)))
    return replace(await _active(world), body=None if days is None else {"days": days})


async def _exempt(world: ApiWorld) -> Sound:
    return await enforced(world, 7)


async def _second_certificate(world: ApiWorld) -> Sound:
    sound = await _on_connection()(world)
    place = "organizations/{organization}/connections/{connection}".format(**sound.params)
    await world.good("POST", f"{place}/own-certificates")
    return sound


async def _application(world: ApiWorld) -> Sound:
    """One with two secrets, so that one can end."""
    body = {"name": world.name("App"), "redirect_uris": ["https://app.example/callback"]}
    made = await world.good("POST", "applications", body)
    one = made["application"]["id"]
    return Sound({"application": one, "secret": made["secret"]["id"]}, {"name": world.name("App")})


async def _quiet_application(world: ApiWorld) -> Sound:
    return replace(await _application(world), body=None)


async def _webhook(world: ApiWorld) -> Sound:
    made = await world.good("POST", "webhooks", {"url": HOOK, "name": world.name("hook")})
    return Sound({"webhook": made["webhook"]["id"]})


def _on_webhook(**body: Any) -> Maker:
    async def made(world: ApiWorld) -> Sound:
        return replace(await _webhook(world), body=body)

    return made


async def given_up(world: ApiWorld) -> Sound:
    """A webhook at which an event was given up, as it is kept."""
    sound = await _webhook(world)
    event = await _placed(world)
    await keep_given_up(world, sound.params["webhook"], event)
    return Sound({**sound.params, "event": event})


async def keep_given_up(world: ApiWorld, webhook: str, event: str) -> None:
    """What is kept of an event that a webhook did not take."""
    stores, now = world.hub.hub.stores, clock()
    octets = parsed("hook_", webhook), parsed("evt_", event)
    told = await stores.feed.event(EntryId(octets[1] or b""))
    assert told is not None
    hook, owner = EndpointId(octets[0] or b""), told.organization_id
    kept = Delivery(owner, hook, told.position, told.event_id, told.type, DeliveryState.DEAD, 9, told.at, now)
    tried = Attempt(
        DeliveryAttemptId(world.hub.hub.desk.fresh_id()), now, 500, 41_500, "It answered 500.", b"oops \xff"
    )
    await stores.database.commit(Change(owner, (DeliveryDone(kept, tried),)))


async def _contact(world: ApiWorld) -> Sound:
    organization = await world.fresh_organization()
    made = await world.good("POST", f"organizations/{organization}/contacts", {"email": "it@acme.example"})
    return Sound({"organization": organization, "contact": made["id"]})


async def _link(world: ApiWorld) -> Sound:
    organization = await world.fresh_organization()
    made = await world.good("POST", "setup-links", {"organization": organization, "tasks": ["sso"]})
    return Sound({"organization": organization, "link": made["setup_link"]["id"]})


async def _new_link(world: ApiWorld) -> Sound:
    organization = await world.fresh_organization()
    body = {"organization": organization, "tasks": ["sso"], "return_url": f"{RETURNS}?tenant=1", "success_url": RETURNS}
    return Sound({}, body)


_MAKERS: dict[str, Maker] = {
    "organization_create": _with(lambda world: {"name": world.name("Org"), "external_id": world.name("ext")}),
    "organization_update": _on_organization(name="Renamed"),
    "organization_suspend": _on_organization(),
    "organization_resume": _on_organization(),
    "organization_delete": _on_organization(),
    "member_create": _with(lambda world: {"email": f"{world.name('guest')}@acme.example", "role": "guest"}),
    "member_update": _role,
    "member_deactivate": _active,
    "member_reactivate": _active,
    "member_end_sessions": _active,
    "member_invite_again": _invited,
    "member_remove": _invited,
    "directory_create": _on_organization(name="Staff", provider="okta"),
    "directory_update": _with(lambda world: {"name": world.name("Dir"), "rules": {"immutable": ["userName"]}}),
    "directory_enable": _directory,
    "directory_disable": _directory,
    "directory_delete": _deleted,
    "token_create": _new_token,
    "token_rotate": _token,
    "token_revoke": _token,
    "stream_create": _new_stream,
    "stream_get": _stream,
    "stream_enable": _pushed_stream,
    "stream_delete": _stream,
    "domain_create": _new_domain,
    "domain_check": _domain,
    "domain_remove": _domain,
    "connection_create": _on_organization(name="Okta", protocol="saml"),
    "connection_update": _on_connection(name="Acme, Okta", domains=["acme.example"], mapping={"email": ["mail"]}),
    "connection_provider": _on_connection(metadata=metadata("idp").decode()),
    "connection_enable": _on_connection(told=True),
    "connection_disable": _on_connection(),
    "connection_make_default": _on_connection(),
    "connection_key_approve": _key,
    "connection_key_reject": _key,
    "connection_key_remove": _key,
    "connection_delete": _on_connection(),
    "application_create": _with(
        lambda world: {"name": world.name("App"), "kind": "machine", "scopes": ["members:read"]}
    ),
    "application_get": _quiet_application,
    "application_update": _application,
    "application_enable": _quiet_application,
    "application_disable": _quiet_application,
    "application_delete": _quiet_application,
    "secret_list": _quiet_application,
    "secret_create": _quiet_application,
    "secret_end": _quiet_application,
    "webhook_create": _with(lambda world: {"url": HOOK, "name": world.name("hook"), "types": ["member.*"]}),
    "webhook_get": _webhook,
    "webhook_update": _on_webhook(types=["member.deactivated"]),
    "webhook_rotate": _on_webhook(hours=1),
    "webhook_enable": _on_webhook(),
    "webhook_disable": _webhook,
    "webhook_ping": _webhook,
    "webhook_delete": _webhook,
    "delivery_list": _webhook,
    "delivery_get": given_up,
    "delivery_again": given_up,
    "contact_create": _on_organization(email="it@acme.example", name="IT"),
    "contact_remove": _contact,
    "connection_own_add": _on_connection(),
    "connection_own_switch": _second_certificate,
    "connection_own_drop": _second_certificate,
    "enforcement_lift": enforced,
    "enforcement_exempt": _exempt,
    "enforcement_exempt_end": enforced,
    "waiting_accept": _waiting,
    "waiting_dismiss": _waiting,
    "event_get": _event,
    "receipt_create": _receipt,
    "setup_link_create": _new_link,
    "setup_link_get": _link,
    "setup_link_revoke": _link,
}  # fmt: skip


def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name server is asked, nobody else's address answers, and nobody waits for what servers remember."""

    async def unreachable(_: GuardedClient, __: Question) -> Any:
        raise OutboundProblem("unreachable")

    monkeypatch.setattr(GuardedClient, "ask", unreachable)

    async def unanswered(_: DnsRecords, __: str) -> TextAnswer:
        return TextAnswer(unanswered=True)

    monkeypatch.setattr(DnsRecords, "texts", unanswered)
    monkeypatch.setattr(directories, "REMEMBERED_SECONDS", 0)


@asynccontextmanager
async def api_world(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> AsyncIterator[ApiWorld]:
    """Open it."""
    quiet(monkeypatch)
    given = {"setup_return_urls": RETURNS, **settings}
    async with deployed(folder, monkeypatch, **given) as hub:

        async def post(path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
            headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
            answer = await call(hub.app, "POST", f"/scim{path}", headers, json.dumps(body).encode())
            read: dict[str, Any] = json.loads(answer.body)
            return read

        acme, beta = await furnished(hub.hub, "Acme", post), await furnished(hub.hub, "Beta", post)
        key = await create(key_desk(hub.hub), "Everything", SCOPES, None, OPERATOR)
        yield ApiWorld(hub, acme, beta, key.text)
