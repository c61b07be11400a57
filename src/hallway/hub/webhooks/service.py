"""Endpoints made, changed, given new secrets, switched off and on, deleted.

Rules: each is an entry of the deployment's own journal; a secret is shown when it is made, and never again; an endpoint
that is off keeps its place in every lane, so switching it on goes on where it stopped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hallway.delivery.model import Endpoint, EndpointRemoval, EndpointState, EndpointUpdate, NewEndpoint
from hallway.delivery.ports import Endpoints, Lanes
from hallway.delivery.signature import SECRET_BYTES, SigningSecret
from hallway.hub.events.model import TOLD_TYPES
from hallway.hub.organizations.service import Refused
from hallway.hub.webhooks.messages import KIND, Vault, names, opened_secrets, sealed_secrets
from hallway.ids import ENDPOINT, EndpointId, EntryId, OrganizationId, fresh_id, parsed
from hallway.journal.model import Actor, Change, Entry, Row, Stale
from hallway.journal.ports import Ledger
from hallway.outbound import CODES
from hallway.scim.json import Json, JsonObject

HOUR: Final = 3600 * 1_000_000
MOST_NAME: Final = 100
MOST_OVERLAP: Final = 30 * 24
USUAL_OVERLAP: Final = 24
DISABLED: Final = "It was switched off by hand."


@dataclass(frozen=True, slots=True)
class WebhookDesk:
    """What endpoints need: stores, keys, time, chance.

    `wrong_url` says why an address may not be asked (a code of `hallway.outbound`), None where it may.
    """

    ledger: Ledger
    endpoints: Endpoints
    lanes: Lanes
    vault: Callable[[], Vault]
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    wrong_url: Callable[[str], str | None]
    owner: OrganizationId

    def fresh_id(self) -> bytes:
        """A new id."""
        return fresh_id(self.clock(), self.entropy(10))


@dataclass(frozen=True, slots=True)
class Wish:
    """What an endpoint is to be; None leaves a thing as it is."""

    url: str | None = None
    types: tuple[str, ...] | None = None
    name: str | None = None


async def create(
    desk: WebhookDesk, wish: Wish, organization_id: OrganizationId | None, actor: Actor
) -> tuple[Endpoint, str]:
    """A new webhook, and its secret, which is shown this once. It is told what happens from now on."""
    now = desk.clock()
    endpoint_id = EndpointId(desk.fresh_id())
    secret = SigningSecret(desk.entropy(SECRET_BYTES), now)
    sealed = sealed_secrets(desk.vault(), endpoint_id, [secret])
    blank = Endpoint(
        desk.owner, endpoint_id, KIND, "", EndpointState.ACTIVE, now, sealed, organization_id=organization_id
    )
    made = _wished(desk, blank, Wish(wish.url or "", wish.types or (), wish.name or ""))
    await commit(desk, NewEndpoint(made), made, "endpoint.created", actor)
    return made, secret.text


async def change(desk: WebhookDesk, endpoint: Endpoint, wish: Wish, actor: Actor) -> Endpoint:
    """Another address, other types, another name; what waits goes there too."""
    made = _wished(desk, endpoint, wish)
    return endpoint if made == endpoint else await _updated(desk, endpoint, made, "endpoint.updated", actor)


async def rotate(desk: WebhookDesk, endpoint: Endpoint, hours: int, actor: Actor) -> tuple[Endpoint, str]:
    """A new secret, shown this once; those of before sign beside it for some hours more."""
    if not 0 <= hours <= MOST_OVERLAP:
        raise Refused("invalid", "The old secret stays valid for %(most)s hours at most.", most=MOST_OVERLAP)
    now = desk.clock()
    ends = now + hours * HOUR
    made = SigningSecret(desk.entropy(SECRET_BYTES), now)
    before = [
        replace(one, ends_at=ends if one.ends_at is None else min(one.ends_at, ends))
        for one in opened_secrets(desk.vault(), endpoint)
    ]
    kept = [made, *(one for one in before if one.signs(now))]
    sealed = sealed_secrets(desk.vault(), endpoint.id, kept)
    changed = await _updated(desk, endpoint, replace(endpoint, sealed=sealed), "endpoint.secret_rotated", actor)
    return changed, made.text


async def disable(desk: WebhookDesk, endpoint: Endpoint, actor: Actor, reason: str = DISABLED) -> Endpoint:
    """Nothing is sent from now on; what happens meanwhile waits."""
    if endpoint.state is EndpointState.OFF:
        return endpoint
    made = replace(endpoint, state=EndpointState.OFF, reason=reason)
    return await _updated(desk, endpoint, made, "endpoint.disabled", actor)


async def enable(desk: WebhookDesk, endpoint: Endpoint, actor: Actor, skips: bool = False) -> Endpoint:
    """What waited is sent now, unless it is skipped; then it goes on from what happens next."""
    if endpoint.state is EndpointState.OFF:
        if skips:
            await desk.lanes.skip(endpoint.id)
        made = replace(endpoint, state=EndpointState.ACTIVE, reason="")
        endpoint = await _updated(desk, endpoint, made, "endpoint.enabled", actor)
    await desk.lanes.wake(endpoint.id, desk.clock())
    return endpoint


async def delete(desk: WebhookDesk, endpoint: Endpoint, actor: Actor) -> None:
    """The endpoint goes, with what was kept of its deliveries."""
    off = await disable(desk, endpoint, actor, "It is being deleted.")
    await desk.lanes.forget_all(endpoint.id)
    await commit(desk, EndpointRemoval(off), off, "endpoint.deleted", actor)


async def found_endpoint(desk: WebhookDesk, text: str, kind: str = KIND) -> Endpoint:
    """The endpoint of an id (`hook_…`)."""
    own = parsed(ENDPOINT, text)
    endpoint = None if own is None else await desk.endpoints.endpoint(EndpointId(own))
    if endpoint is None or endpoint.kind != kind:
        raise Refused("not_found", f"There is no {kind} {text!r}.")
    return endpoint


async def listed(desk: WebhookDesk, kind: str = KIND) -> Sequence[Endpoint]:
    """All of a kind, oldest first."""
    return [one for one in await desk.endpoints.endpoints() if one.kind == kind]


def _wished(desk: WebhookDesk, endpoint: Endpoint, wish: Wish) -> Endpoint:
    url = endpoint.url if wish.url is None else checked_url(desk, wish.url)
    types = endpoint.types if wish.types is None else _checked_types(wish.types)
    name = endpoint.name if wish.name is None else wish.name.strip()
    if len(name) > MOST_NAME or not (name == "" or name.isprintable()):
        raise Refused("invalid", "A name has at most %(most)s printable characters.", most=MOST_NAME)
    return replace(endpoint, url=url, types=types, name=name)


def checked_url(desk: WebhookDesk, url: str) -> str:
    """An address that we may ask. Raises `Refused`."""
    wrong = desk.wrong_url(url)
    if wrong is not None:
        raise Refused("invalid", f"{CODES[wrong]} Hosts that may be asked over http are named in outbound_allow.")
    return url


def _checked_types(patterns: Sequence[str]) -> tuple[str, ...]:
    """Each once, in the order given; refuses what names no type, with the list of those there are."""
    unknown = [one for one in patterns if not any(names(one, kind) for kind in TOLD_TYPES)]
    if unknown:
        known = ", ".join(sorted(TOLD_TYPES))
        raise Refused(
            "invalid", f"There are no events {', '.join(unknown)}. Write types, or an area as member.*, of: {known}"
        )
    return tuple(dict.fromkeys(patterns))


async def _updated(desk: WebhookDesk, was: Endpoint, now: Endpoint, kind: str, actor: Actor) -> Endpoint:
    made = replace(now, version=was.version + 1)
    await commit(desk, EndpointUpdate(was, made), made, kind, actor)
    return made


async def commit(desk: WebhookDesk, row: Row, endpoint: Endpoint, kind: str, actor: Actor) -> None:
    """Write a row of an endpoint with its entry. Raises `Refused` where somebody else was first."""
    entry = entry_of(desk, endpoint, kind, actor)
    try:
        await desk.ledger.commit(Change(desk.owner, (row,), (entry,), entry.id))
    except Stale:
        raise Refused("conflict", "Somebody else changed this just now; look again.") from None


def entry_of(desk: WebhookDesk, endpoint: Endpoint, kind: str, actor: Actor) -> Entry:
    """A fact about an endpoint, for the deployment's journal."""
    types: list[Json] = list(endpoint.types)
    facts: JsonObject = {
        "kind": endpoint.kind,
        "state": endpoint.state.value,
        "reason": endpoint.reason,
        "url": endpoint.url,
        "types": types,
    }
    return Entry(EntryId(desk.fresh_id()), kind, desk.clock(), actor, endpoint.id, facts=facts)
