"""The vendor's applications and their secrets, by the API.

Rules: nobody gives what she has not: an application that calls this API has no scope that its maker lacks, and who
lacks one of its scopes makes it no secret.
"""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType

from hallway.hub.applications import service
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import Addresses, ApplicationState, ClientSecret, Kind
from hallway.hub.applications.model import Application as Kept
from hallway.hub.applications.scopes import allows
from hallway.hub.applications.service import LONGEST_OVERLAP, Made, Wish
from hallway.ids import CLIENT_SECRET, wire
from hallway.web.api.endpoint import ROOT, Answer, Body, Call, Document, Endpoint
from hallway.web.api.paging import Next, Paged, sliced
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import ApplicationId, Instant, Name, SecretId, instant, maybe
from hallway.web.wiring import application_desk

PATH: Final = f"{ROOT}/applications"
ONE: Final = f"{PATH}/{{application}}"
SECRETS: Final = f"{ONE}/secrets"
READ, WRITE = "applications:read", "applications:write"

Uri = Annotated[str, Meta(max_length=1000, description="To the letter.", examples=["https://app.example/callback"])]
Uris = Annotated[list[Uri], Meta(max_length=50)]
Algorithm = Annotated[str, Meta(max_length=10, description="What ID tokens are signed by.", examples=["ES256"])]
Keys = Annotated[
    dict[str, Any], Meta(description="Public keys (RFC 7517) in place of a secret.", examples=[{"keys": []}])
]
Scopes = Annotated[
    list[Annotated[str, Meta(max_length=60, examples=["members:read"])]],
    Meta(max_length=100, description="Of a machine: what it may do with this API.", examples=[[]]),
]
Required = Annotated[
    list[Annotated[str, Meta(max_length=60)]],
    Meta(max_length=20, description="Attributes of people that it cannot do without.", examples=[["email"]]),
]


class Secret(Document, frozen=True, kw_only=True):
    """A secret of an application, without its text."""

    id: SecretId
    created_at: Instant
    expires_at: Annotated[Instant | None, Meta(description="When it ends, once another one takes its place.")]
    last_used_at: Annotated[Instant | None, Meta(description="Up to ten seconds late.")]


class Application(Document, frozen=True, kw_only=True):
    """An application of the vendor's: what people sign in to by the Hub, or a machine that calls this API."""

    id: ApplicationId
    name: Name
    kind: Annotated[Kind, Meta(description="`public` runs where secrets cannot be kept; `machine` signs nobody in.")]
    state: ApplicationState
    redirect_uris: Uris
    post_logout_uris: Uris
    logout_uri: Annotated[Uri | None, Meta(description="Where it is told that a session ended.")]
    setup_return_uris: Annotated[Uris, Meta(description="Where set-up links may lead back to.")]
    algorithm: Algorithm
    jwks: Keys | None
    scopes: Scopes
    required: Required
    created_at: Instant


class ApplicationList(Document, frozen=True, kw_only=True):
    """A page of applications, oldest first."""

    items: list[Application]
    next: Next


class SecretList(Document, frozen=True, kw_only=True):
    """An application's secrets, oldest first: two are alive at most."""

    items: list[Secret]


class MadeApplication(Document, frozen=True, kw_only=True):
    """A new application with its first secret, which is in no other answer."""

    application: Application
    secret: Secret | None
    secret_text: Annotated[str | None, Meta(description="Null where it has none.", examples=["hw_client_…"])]


class MadeSecret(Document, frozen=True, kw_only=True):
    """A new secret with its text, which is in no other answer."""

    secret: Secret
    text: Annotated[str, Meta(examples=["hw_client_…"])]


class NewApplication(Body, frozen=True, kw_only=True):
    """An application to make."""

    name: Name
    kind: Kind = Kind.WEB
    redirect_uris: Uris = []
    post_logout_uris: Uris = []
    logout_uri: Uri | None = None
    setup_return_uris: Uris = []
    algorithm: Algorithm = "ES256"
    jwks: Keys | None = None
    scopes: Scopes = []
    required: Required = []


class ApplicationPatch(Body, frozen=True, kw_only=True):
    """What shall be different; what is left out stays. A list takes the place of the one before."""

    name: Name | UnsetType = UNSET
    redirect_uris: Uris | UnsetType = UNSET
    post_logout_uris: Uris | UnsetType = UNSET
    logout_uri: Uri | None | UnsetType = UNSET
    setup_return_uris: Uris | UnsetType = UNSET
    algorithm: Algorithm | UnsetType = UNSET
    jwks: Keys | None | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    required: Required | UnsetType = UNSET


class SecretEnd(Body, frozen=True, kw_only=True):
    """When a secret ends."""

    in_hours: Annotated[int, Meta(ge=0, le=LONGEST_OVERLAP, description="0: now.")] = 0


def document(one: Kept) -> Application:
    """An application as the API shows it."""
    there = one.addresses
    return Application(
        id=one.client_id, name=one.name, kind=one.kind, state=one.state, redirect_uris=list(there.redirect_uris),
        post_logout_uris=list(there.post_logout_uris), logout_uri=there.logout_uri or None,
        setup_return_uris=list(there.setup_return_uris), algorithm=one.algorithm,
        jwks=json.loads(one.jwks) if one.jwks else None, scopes=list(one.scopes), required=list(one.required),
        created_at=instant(one.created_at),
    )  # fmt: skip


def _secret(one: ClientSecret) -> Secret:
    return Secret(
        id=wire(CLIENT_SECRET, one.id), created_at=instant(one.created_at), expires_at=maybe(one.expires_at),
        last_used_at=maybe(one.last_used_at),
    )  # fmt: skip


def _answer(one: Kept) -> Answer:
    return Answer(document(one), f'"{one.version}"')


def _desk(call: Call) -> ApplicationDesk:
    return replace(application_desk(call.hub), ledger=call.hub.desk.ledger)


async def _application(call: Call) -> Kept:
    """The application that the path names, as If-Match wants it."""
    one = await service.found_application(_desk(call), call.param("application"))
    call.expected.must_be(f'"{one.version}"', (one.id, one.version))
    return one


def _refuse_more(call: Call, scopes: Collection[str]) -> None:
    """An application's scopes are among those of whoever makes them, or makes it a secret."""
    missing = sorted(scope for scope in scopes if not allows(call.caller.scopes, scope))
    if missing:
        raise ApiProblem("forbidden", f"You cannot give what you have not: {', '.join(missing)}.")


async def application_list(call: Call) -> Answer:
    """Oldest first."""
    there = await call.hub.stores.applications.applications()
    page, following = sliced(there, lambda one: one.id, call.asked(Paged))
    return Answer(ApplicationList(items=[document(one) for one in page], next=following))


async def application_create(call: Call) -> Answer:
    """An application with its first secret."""
    said = call.said(NewApplication)
    _refuse_more(call, said.scopes)
    addresses = Addresses(
        tuple(said.redirect_uris), tuple(said.post_logout_uris), said.logout_uri or "", tuple(said.setup_return_uris)
    )
    wish = Wish(
        said.name, said.kind, addresses, said.algorithm, _keys(said.jwks), tuple(said.scopes), tuple(said.required)
    )
    made = await service.create(_desk(call), wish, call.actor)
    told = MadeApplication(
        application=document(made.application), secret=None if made.secret is None else _secret(made.secret),
        secret_text=made.text or None,
    )  # fmt: skip
    return Answer(told, f'"{made.application.version}"', f"{PATH}/{made.application.client_id}")


def _keys(keys: dict[str, Any] | None) -> str:
    return "" if keys is None else json.dumps(keys)


async def application_get(call: Call) -> Answer:
    """One application."""
    return _answer(await _application(call))


async def application_update(call: Call) -> Answer:
    """What is named of it."""
    one, said = await _application(call), call.said(ApplicationPatch)
    was, there = service.wish_of(one), one.addresses
    addresses = Addresses(
        there.redirect_uris if said.redirect_uris is UNSET else tuple(said.redirect_uris),
        there.post_logout_uris if said.post_logout_uris is UNSET else tuple(said.post_logout_uris),
        there.logout_uri if said.logout_uri is UNSET else said.logout_uri or "",
        there.setup_return_uris if said.setup_return_uris is UNSET else tuple(said.setup_return_uris),
    )
    wish = replace(
        was,
        name=was.name if said.name is UNSET else said.name,
        addresses=addresses,
        algorithm=was.algorithm if said.algorithm is UNSET else said.algorithm,
        jwks=was.jwks if said.jwks is UNSET else _keys(said.jwks),
        scopes=was.scopes if said.scopes is UNSET else tuple(said.scopes),
        required=was.required if said.required is UNSET else tuple(said.required),
    )
    if (wish.scopes, wish.jwks) != (was.scopes, was.jwks):
        _refuse_more(call, {*was.scopes, *wish.scopes})
    return _answer(await service.change(_desk(call), one, wish, call.actor))


async def application_enable(call: Call) -> Answer:
    """It gets something again."""
    one = await _application(call)
    return _answer(await service.set_state(_desk(call), one, ApplicationState.ACTIVE, call.actor))


async def application_disable(call: Call) -> Answer:
    """It gets nothing, and what it got counts no more."""
    one = await _application(call)
    return _answer(await service.set_state(_desk(call), one, ApplicationState.DISABLED, call.actor))


async def application_delete(call: Call) -> Answer:
    """It goes."""
    await service.delete(_desk(call), await _application(call), call.actor)
    return Answer()


async def secret_list(call: Call) -> Answer:
    """Oldest first."""
    one = await _application(call)
    return Answer(SecretList(items=[_secret(each) for each in await call.hub.stores.applications.secrets(one.id)]))


async def secret_create(call: Call) -> Answer:
    """Another one beside the one in use."""
    one = await _application(call)
    _refuse_more(call, one.scopes)
    made: Made = await service.add_secret(_desk(call), one, call.actor)
    if made.secret is None:
        raise TypeError("an application that may have secrets was given none")
    return Answer(MadeSecret(secret=_secret(made.secret), text=made.text))


async def secret_end(call: Call) -> Answer:
    """It ends now, or in some hours."""
    one, hours = await _application(call), call.asked(SecretEnd).in_hours
    await service.revoke_secret(_desk(call), one, call.param("secret"), call.actor, hours)
    return Answer()


ENDPOINTS: Final = (
    Endpoint("GET", PATH, READ, "List applications.", application_list, ApplicationList, query=Paged),
    Endpoint(
        "POST", PATH, WRITE, "Make an application.", application_create, MadeApplication, NewApplication, status=201,
        about="With its first secret, unless it is public or has a key of its own. A machine gets no scope that you "
        "have not.", versioned=True,
    ),
    Endpoint("GET", ONE, READ, "Get an application.", application_get, Application, versioned=True),
    Endpoint(
        "PATCH", ONE, WRITE, "Change an application.", application_update, Application, ApplicationPatch,
        versioned=True, about="Its kind stays.",
    ),
    Endpoint("POST", f"{ONE}/enable", WRITE, "Enable an application.", application_enable, Application),
    Endpoint(
        "POST", f"{ONE}/disable", WRITE, "Disable an application.", application_disable, Application,
        about="It gets nothing, and what it got counts no more.",
    ),
    Endpoint(
        "DELETE", ONE, WRITE, "Delete an application.", application_delete, status=204, versioned=True,
        about="With its secrets; nothing that it got counts any more.",
    ),
    Endpoint("GET", SECRETS, READ, "List an application's secrets.", secret_list, SecretList),
    Endpoint(
        "POST", SECRETS, WRITE, "Make another secret.", secret_create, MadeSecret, status=201,
        about="Beside the one in use: two are alive at most, so that one can take the other's place.",
    ),
    Endpoint(
        "DELETE", f"{SECRETS}/{{secret}}", WRITE, "End a secret.", secret_end, status=204, query=SecretEnd,
        about="Now, or in some hours.",
    ),
)  # fmt: skip
"""The rows."""
