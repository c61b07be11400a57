"""Applications made, changed, given secrets, switched off, deleted.

Rules: addresses are exact, absolute, and https but on loopback; a secret is shown once; two are alive at most, so that
one can take the other's place; what an application got counts no more from the moment that it is disabled or deleted.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications.addresses import address_faults, each_once
from hallway.hub.applications.backchannel import endpoint_rows, tidied
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import (
    HOUR,
    MOST_SECRETS,
    Addresses,
    Application,
    ApplicationRemoval,
    ApplicationState,
    ApplicationUpdate,
    ClientSecret,
    ClientSecretEnd,
    Kind,
    NewApplication,
    NewClientSecret,
)
from hallway.hub.applications.scopes import checked_scopes
from hallway.hub.organizations.service import Refused, checked_name
from hallway.ids import APPLICATION, CLIENT_SECRET, ApplicationId, ClientSecretId, parsed, wire
from hallway.journal.model import Actor, Change, Row
from hallway.journal.service import carried_out
from hallway.oidc.issuing import SIGNING
from hallway.oidc.jose import published_keys
from hallway.oidc.problem import OidcProblem
from hallway.secret_text import CLIENT, SECRET_BYTES, SecretText

MOST_APPLICATIONS: Final = 500
LONGEST_OVERLAP: Final = 30 * 24
ATTRIBUTES: Final = (
    "email", "name", "given_name", "family_name", "title", "department", "manager", "employee_number",
)  # fmt: skip
"""The attributes of people that an application may say it needs."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an application shall be; see `Application`."""

    name: str
    kind: Kind = Kind.WEB
    addresses: Addresses = field(default_factory=Addresses)
    algorithm: str = SIGNING[0]
    jwks: str = ""
    scopes: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """An application with a new secret, whose text is nowhere else; "" where it has none."""

    application: Application
    secret: ClientSecret | None = None
    text: str = field(default="", repr=False)


async def create(desk: ApplicationDesk, wish: Wish, actor: Actor) -> Made:
    """A new application; one that keeps secrets gets its first one, unless it has a key of its own."""
    tidy = checked(wish, desk.in_development)
    if len(await desk.applications.applications()) >= MOST_APPLICATIONS:
        raise Refused("conflict", "There are at most %(most)s applications.", most=MOST_APPLICATIONS)
    application = Application(
        ApplicationId(desk.fresh_id()), tidy.name, tidy.kind, ApplicationState.ACTIVE, desk.clock(), tidy.addresses,
        tidy.algorithm, tidy.jwks, tidy.scopes, tidy.required,
    )  # fmt: skip
    secret, text = _secret(desk, application) if tidy.kind is not Kind.PUBLIC and not tidy.jwks else (None, "")
    kept: tuple[Row, ...] = () if secret is None else (NewClientSecret(secret),)
    rows = (NewApplication(application), *kept, *await endpoint_rows(desk, application))
    await desk.ledger.commit(_change(desk, "application.created", application, actor, rows))
    return Made(application, secret, text)


async def change(desk: ApplicationDesk, application: Application, wish: Wish, actor: Actor) -> Application:
    """The application as it shall be; its kind stays. Stale where it is no longer as it was read."""
    if wish.kind is not application.kind:
        raise Refused("invalid", "An application keeps its kind. Make another one.")
    tidy = checked(wish, desk.in_development)
    now = replace(
        application, name=tidy.name, addresses=tidy.addresses, algorithm=tidy.algorithm, jwks=tidy.jwks,
        scopes=tidy.scopes, required=tidy.required,
    )  # fmt: skip
    if now == application:
        return application
    now = replace(now, version=application.version + 1)
    rows = (ApplicationUpdate(application, now), *await endpoint_rows(desk, now))
    await desk.ledger.commit(_change(desk, "application.updated", now, actor, rows))
    await tidied(desk, now)
    return now


async def add_secret(desk: ApplicationDesk, application: Application, actor: Actor) -> Made:
    """Another secret beside the one that is in use; two are alive at most."""
    if application.kind is Kind.PUBLIC:
        raise Refused("invalid", "A public application has no secret: it runs where everybody could read it.")

    async def decide() -> tuple[Change, Made]:
        was, now = await _again(desk, application), desk.clock()
        alive = [one for one in await desk.applications.secrets(was.id) if one.is_alive(now)]
        if len(alive) >= MOST_SECRETS:
            raise Refused("conflict", "This application has two secrets that are alive. Revoke one first.")
        secret, text = _secret(desk, was)
        moved = replace(was, version=was.version + 1)
        rows = (ApplicationUpdate(was, moved), NewClientSecret(secret))
        named = wire(CLIENT_SECRET, secret.id)
        return _change(desk, "application.secret_added", moved, actor, rows, secret=named), Made(moved, secret, text)

    return (await carried_out(desk.ledger, decide))[1]


async def revoke_secret(
    desk: ApplicationDesk, application: Application, secret_id: str, actor: Actor, hours: int = 0
) -> ClientSecret | None:
    """A secret ends now, or in so many hours; None once it has gone."""
    own = parsed(CLIENT_SECRET, secret_id)
    if not 0 <= hours <= LONGEST_OVERLAP:
        raise Refused("invalid", "A secret ends within %(most)s hours.", most=LONGEST_OVERLAP)

    async def decide() -> tuple[Change, ClientSecret | None]:
        was = await _again(desk, application)
        found = [one for one in await desk.applications.secrets(was.id) if one.id == own]
        if not found:
            raise Refused("not_found", "There is no secret %(id)s of this application.", id=repr(secret_id))
        moved, at = replace(was, version=was.version + 1), desk.clock() + hours * HOUR if hours else None
        rows = (ApplicationUpdate(was, moved), ClientSecretEnd(found[0], at))
        change = _change(
            desk, "application.secret_revoked", moved, actor, rows, secret=wire(CLIENT_SECRET, found[0].id)
        )
        return change, None if at is None else replace(found[0], expires_at=at)

    return (await carried_out(desk.ledger, decide))[1]


async def set_state(
    desk: ApplicationDesk, application: Application, state: ApplicationState, actor: Actor
) -> Application:
    """Switch it off, or on again; what it got before lives on with it, and so does where it is told of sessions."""
    kind = "application.disabled" if state is ApplicationState.DISABLED else "application.enabled"

    async def decide() -> tuple[Change, Application]:
        was = await _again(desk, application)
        now = replace(was, state=state)
        rows = await endpoint_rows(desk, now, switch_on=state is ApplicationState.ACTIVE)
        if now == was:
            return Change(DEPLOYMENT, rows), was
        now = replace(now, version=was.version + 1)
        return _change(desk, kind, now, actor, (ApplicationUpdate(was, now), *rows)), now

    changed = (await carried_out(desk.ledger, decide))[1]
    await tidied(desk, changed)
    return changed


async def delete(desk: ApplicationDesk, application: Application, actor: Actor) -> None:
    """It goes, with its secrets; nothing that it got counts any more."""

    async def decide() -> tuple[Change, Application]:
        was = await _again(desk, application)
        silent = replace(was, addresses=replace(was.addresses, logout_uri=""))
        rows = (ApplicationRemoval(was), *await endpoint_rows(desk, silent))
        return _change(desk, "application.deleted", was, actor, rows), silent

    await tidied(desk, (await carried_out(desk.ledger, decide))[1])


async def found_application(desk: ApplicationDesk, text: str) -> Application:
    """The application of a client id (`app_…`)."""
    own = parsed(APPLICATION, text)
    found = None if own is None else await desk.applications.application(ApplicationId(own))
    if found is None:
        raise Refused("not_found", "There is no application %(id)s.", id=repr(text))
    return found


def wish_of(application: Application) -> Wish:
    """What the application is, to be changed in part."""
    return Wish(
        application.name, application.kind, application.addresses, application.algorithm, application.jwks,
        application.scopes, application.required,
    )  # fmt: skip


def checked(wish: Wish, in_development: bool) -> Wish:
    """The wish where it can be fulfilled. Raises `Refused`."""
    for refused in faults(wish, in_development).values():
        raise refused
    scopes = checked_scopes(wish.scopes) if wish.kind is Kind.MACHINE else ()
    required = tuple(one for one in ATTRIBUTES if one in wish.required)
    return replace(
        wish, name=checked_name(wish.name), addresses=each_once(wish.addresses), scopes=scopes, required=required,
        jwks=_checked_keys(wish.jwks),
    )  # fmt: skip


def faults(wish: Wish, in_development: bool) -> Mapping[str, Refused]:
    """What stands against a wish, by the field of `Wish` or `Addresses` that it is about; empty where nothing does."""
    found: dict[str, Refused] = {}
    for part, judge in (
        ("name", lambda: checked_name(wish.name)), ("algorithm", lambda: _judge_algorithm(wish)),
        ("required", lambda: _judge_required(wish)), ("scopes", lambda: _judge_scopes(wish)),
        ("jwks", lambda: _judge_keys(wish)),
    ):  # fmt: skip
        try:
            judge()
        except Refused as refused:
            found[part] = refused
    return {**found, **address_faults(wish.addresses, wish.kind, in_development)}


def _judge_algorithm(wish: Wish) -> None:
    if wish.algorithm not in SIGNING:
        raise Refused("invalid", "ID tokens are signed by %(all)s.", all=", ".join(SIGNING))


def _judge_required(wish: Wish) -> None:
    if set(wish.required) - set(ATTRIBUTES):
        raise Refused("invalid", "Attributes that can be needed: %(all)s.", all=", ".join(ATTRIBUTES))


def _judge_scopes(wish: Wish) -> None:
    if wish.kind is Kind.MACHINE:
        checked_scopes(wish.scopes)
    elif wish.scopes:
        raise Refused("invalid", "Only a machine application has scopes of its own.")


def _judge_keys(wish: Wish) -> None:
    if wish.kind is Kind.PUBLIC and wish.jwks:
        raise Refused("invalid", "A public application has no key of its own.")
    _checked_keys(wish.jwks)


def _checked_keys(jwks: str) -> str:
    if not jwks.strip():
        return ""
    try:
        published_keys(jwks.encode())
    except OidcProblem as problem:
        raise Refused("invalid", "These keys cannot be used: expected %(what)s.", what=problem.expected) from None
    listed = json.loads(jwks)["keys"]
    if any(name in key for key in listed for name in ("d", "k", "p", "q")):
        raise Refused("invalid", "Give the public keys only: private ones belong to the application alone.")
    return json.dumps({"keys": listed})


async def _again(desk: ApplicationDesk, application: Application) -> Application:
    found = await desk.applications.application(application.id)
    if found is None:
        raise Refused("not_found", "This application is not there any more.")
    return found


def _secret(desk: ApplicationDesk, application: Application) -> tuple[ClientSecret, str]:
    secret = SecretText(application.id, desk.fresh_id(), desk.entropy(SECRET_BYTES))
    made = ClientSecret(ClientSecretId(secret.row), application.id, secret.hash, desk.clock())
    return made, secret.text(CLIENT)


def _change(
    desk: ApplicationDesk, kind: str, one: Application, actor: Actor, rows: tuple[Row, ...], **facts: str
) -> Change:
    entry = desk.entry(kind, one.id, actor, {"kind": one.kind.value, **facts}, name=one.name)
    return Change(DEPLOYMENT, rows, (entry,), entry.id)
