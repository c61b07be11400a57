"""Set-up links, by the API: what stands behind the application's own *Set up SSO* button."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Final

from msgspec import Meta

from hallway.accounts.addresses import checked_address
from hallway.accounts.desk import Declined
from hallway.hub.organizations.model import Organization
from hallway.hub.setup import service
from hallway.hub.setup.model import LinkState, Task
from hallway.hub.setup.model import SetupLink as Kept
from hallway.hub.setup.returning import Returns
from hallway.hub.setup.service import LONGEST_LIFETIME, SetupDesk, Wish
from hallway.ids import API_KEY, APPLICATION, ORGANIZATION, SETUP_LINK, wire
from hallway.web.api.endpoint import ROOT, Answer, Body, Call, Document, Endpoint
from hallway.web.api.organizations import ONE as ORGANIZATION_PATH
from hallway.web.api.organizations import located, organization_of
from hallway.web.api.paging import Next, Paged, sliced_back
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import Email, Instant, OrganizationId, SetupLinkId, Text, instant, maybe
from hallway.web.wiring import setup_desk, setup_return_urls

MAKE: Final = f"{ROOT}/setup-links"
PATH: Final = f"{ORGANIZATION_PATH}/setup-links"
ONE: Final = f"{PATH}/{{link}}"
READ, WRITE = "setup_links:read", "setup_links:write"
SECOND: Final = 1_000_000
MINUTES: Final = 10 * 60

Tasks = Annotated[list[Task], Meta(min_length=1, max_length=3, description="What it is for.", examples=[["sso"]])]
ReturnUrl = Annotated[
    str,
    Meta(
        max_length=2000,
        description="One of `setup_return_urls` or of an application's; a query may stand behind it.",
        examples=["https://app.example/settings/sso?tenant=4711"],
    ),
]


class SetupLink(Document, frozen=True, kw_only=True):
    """A link that opens the set-up to a customer's own IT, without its address."""

    id: SetupLinkId
    organization: OrganizationId
    label: Text
    tasks: Tasks
    state: LinkState
    single_use: bool
    email: Annotated[Email | None, Meta(description="Where it was mailed; it then asks for a code from there.")]
    return_url: ReturnUrl | None
    success_url: ReturnUrl | None
    created_by: Annotated[str, Meta(examples=["key_019acd00000070008000000000000000"])]
    created_at: Instant
    expires_at: Instant
    opened_at: Instant | None
    completed_at: Instant | None
    revoked_at: Instant | None


class SetupLinkList(Document, frozen=True, kw_only=True):
    """A page of set-up links, newest first, whatever their state; the newest thousand."""

    items: list[SetupLink]
    next: Next


class NewSetupLink(Body, frozen=True, kw_only=True):
    """A set-up link to make."""

    organization: OrganizationId
    tasks: Tasks
    return_url: Annotated[ReturnUrl | None, Meta(description="Where the pages lead back to meanwhile.")] = None
    success_url: Annotated[ReturnUrl | None, Meta(description="Where the browser goes once all is done.")] = None
    expires_in: Annotated[
        int,
        Meta(
            ge=60, le=LONGEST_LIFETIME // SECOND, examples=[MINUTES],
            description="Seconds in which it is to be opened; of one that opens more than once, its life.",
        ),
    ] = MINUTES  # fmt: skip
    single_use: Annotated[
        bool, Meta(description="It opens once, in one browser, which then has twelve hours for the work.")
    ] = True
    label: Text = ""
    email: Annotated[Email | None, Meta(description="Mail it there instead of giving its address.")] = None


class MadeSetupLink(Document, frozen=True, kw_only=True):
    """A new set-up link with its address, which is in no other answer."""

    setup_link: SetupLink
    url: Annotated[
        str | None,
        Meta(
            description="Send the browser there, at once; null where it was mailed.",
            examples=["https://hub.example/setup/open?link=hw_setup_…"],
        ),
    ]


def document(one: Kept, now: int) -> SetupLink:
    """A link as the API shows it."""
    return SetupLink(
        id=wire(SETUP_LINK, one.id), organization=wire(ORGANIZATION, one.organization_id), label=one.label,
        tasks=list(one.tasks), state=one.state(now), single_use=one.single_use, email=one.email or None,
        return_url=one.returns.back or None, success_url=one.returns.done or None, created_by=one.created_by,
        created_at=instant(one.created_at), expires_at=instant(one.expires_at), opened_at=maybe(one.opened_at),
        completed_at=maybe(one.completed_at), revoked_at=maybe(one.revoked_at),
    )  # fmt: skip


def _desk(call: Call) -> SetupDesk:
    desk = replace(setup_desk(call.hub, call.hub.mailing.letters), ledger=call.hub.desk.ledger)
    if call.caller.kind != "application":
        return desk
    return replace(desk, return_urls=partial(setup_return_urls, call.hub, call.caller.id))


async def setup_link_create(call: Call) -> Answer:
    """A link for one organization."""
    said, desk = call.said(NewSetupLink), _desk(call)
    owner = await _owner(call, said)
    wish = Wish(
        said.tasks, said.label, _address(call, said.email), said.expires_in * SECOND, _maker(call),
        Returns(said.return_url or "", said.success_url or ""), said.single_use,
    )  # fmt: skip
    made = await service.create(desk, owner, wish, call.actor)
    told = document(made.link, desk.clock())
    place = f"{PATH.replace('{organization}', told.organization)}/{told.id}"
    return Answer(MadeSetupLink(setup_link=told, url=None if wish.email else made.address), location=place)


def _maker(call: Call) -> str:
    """Who made it, on the link."""
    return wire(APPLICATION if call.caller.kind == "application" else API_KEY, call.caller.id)


async def _owner(call: Call, said: NewSetupLink) -> Organization:
    try:
        return await located(call, said.organization)
    except ApiProblem as problem:
        raise ApiProblem("invalid", problem.detail, [("organization", "there is no such organization")]) from None


def _address(call: Call, email: str | None) -> str:
    if email is None:
        return ""
    if not call.hub.can_mail:
        raise ApiProblem("conflict", "This deployment sends no mail. Leave email out, and give the address yourself.")
    try:
        return checked_address(email)
    except Declined as declined:
        raise ApiProblem("invalid", declined.sentence, [("email", declined.sentence)]) from None


async def setup_link_list(call: Call) -> Answer:
    """Newest first."""
    owner, desk = await organization_of(call), _desk(call)
    page, following = sliced_back(await desk.links.links(owner.id), lambda one: one.id, call.asked(Paged))
    now = desk.clock()
    return Answer(SetupLinkList(items=[document(one, now) for one in page], next=following))


async def _link(call: Call) -> Kept:
    owner = await organization_of(call)
    return await service.found_link(_desk(call), owner.id, call.param("link"))


async def setup_link_get(call: Call) -> Answer:
    """One link, to see how far it is."""
    return Answer(document(await _link(call), _desk(call).clock()))


async def setup_link_revoke(call: Call) -> Answer:
    """End it now."""
    desk = _desk(call)
    return Answer(document(await service.revoke(desk, await _link(call), call.actor), desk.clock()))


ENDPOINTS: Final = (
    Endpoint(
        "POST", MAKE, WRITE, "Make a set-up link.", setup_link_create, MadeSetupLink, NewSetupLink, status=201,
        about="For the application's own button: it opens once, within minutes, and leads back when all is done.",
    ),
    Endpoint("GET", PATH, READ, "List an organization's set-up links.", setup_link_list, SetupLinkList, query=Paged),
    Endpoint("GET", ONE, READ, "Get a set-up link.", setup_link_get, SetupLink),
    Endpoint(
        "POST", f"{ONE}/revoke", WRITE, "Revoke a set-up link.", setup_link_revoke, SetupLink,
        about="Every browser's session in it ends. One that ended stays as it is.",
    ),
)  # fmt: skip
"""The rows."""
