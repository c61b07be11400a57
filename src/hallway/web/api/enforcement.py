"""Whether an organization enforces single sign-on, and who is exempt, by the API.

Turning it on is no route: only a person who has just signed in through the connection does that, so that she knows
that it works for her.
"""

from dataclasses import replace
from typing import Annotated, Final

from msgspec import Meta

from hallway.hub.connections.enforcement import LONGEST_DAYS, EnforcementDesk, exempt, lift
from hallway.hub.organizations.roster import found_member
from hallway.ids import CONNECTION, MEMBER, wire
from hallway.web.api.connections import READ, WRITE
from hallway.web.api.endpoint import Answer, Body, Call, Document, Endpoint
from hallway.web.api.organizations import ONE as ORGANIZATION
from hallway.web.api.organizations import organization_of
from hallway.web.api.words import ConnectionId, Instant, MemberId, instant, maybe
from hallway.web.wiring import enforcement_desk

PATH: Final = f"{ORGANIZATION}/enforcement"
EXEMPT: Final = f"{PATH}/exempt/{{member}}"


class Exempt(Document, frozen=True, kw_only=True):
    """Who may sign in with a passkey or a one-time code of her own, until then."""

    member: MemberId
    until: Instant


class Enforcement(Document, frozen=True, kw_only=True):
    """Whether the organization opens for sign-ins through its connections only."""

    enforced: bool
    connection: Annotated[ConnectionId | None, Meta(description="From which it was turned on.")]
    since: Instant | None
    exempt: list[Exempt]


class Exemption(Body, frozen=True, kw_only=True):
    """For how long a member is exempt."""

    days: Annotated[int, Meta(ge=1, le=LONGEST_DAYS, description="From now on.", examples=[7])]


def _desk(call: Call) -> EnforcementDesk:
    return replace(enforcement_desk(call.hub), ledger=call.hub.desk.ledger)


async def _told(call: Call) -> Answer:
    """What is so now."""
    owner, now = await organization_of(call), call.hub.desk.clock()
    kept = await call.hub.stores.enforcements.enforcement(owner.id)
    told = Enforcement(
        enforced=kept is not None, connection=None if kept is None else wire(CONNECTION, kept.connection_id),
        since=maybe(None if kept is None else kept.since),
        exempt=[
            Exempt(member=wire(MEMBER, one.member_id), until=instant(one.until))
            for one in (() if kept is None else kept.exempt)
            if now < one.until
        ],
    )  # fmt: skip
    return Answer(told)


async def enforcement_get(call: Call) -> Answer:
    """What is so."""
    return await _told(call)


async def enforcement_lift(call: Call) -> Answer:
    """Own credentials open the organization again."""
    await lift(_desk(call), (await organization_of(call)).id, call.actor)
    return await _told(call)


async def enforcement_exempt(call: Call) -> Answer:
    """Let a member in by a credential of her own."""
    owner = await organization_of(call)
    member = await found_member(call.hub.roster, owner.id, call.param("member"))
    await exempt(_desk(call), member, call.said(Exemption).days, call.actor)
    return await _told(call)


async def enforcement_exempt_end(call: Call) -> Answer:
    """End that now."""
    owner = await organization_of(call)
    await exempt(_desk(call), await found_member(call.hub.roster, owner.id, call.param("member")), 0, call.actor)
    return Answer()


ENDPOINTS: Final = (
    Endpoint(
        "GET", PATH, READ, "See whether single sign-on is enforced.", enforcement_get, Enforcement,
        about="It is turned on by a person who has just signed in through the connection, and by no key.",
    ),
    Endpoint("POST", f"{PATH}/lift", WRITE, "Enforce single sign-on no more.", enforcement_lift, Enforcement),
    Endpoint(
        "PUT", EXEMPT, WRITE, "Exempt a member for some days.", enforcement_exempt, Enforcement, Exemption,
        about="She signs in with a passkey or a one-time code, and every administrator is told when she does.",
    ),
    Endpoint("DELETE", EXEMPT, WRITE, "End a member's exemption.", enforcement_exempt_end, status=204),
)  # fmt: skip
"""The rows."""
