"""OrganizationList, by the API."""

import hashlib
from dataclasses import replace
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from hallway.hub.organizations.model import Organization as Owner
from hallway.hub.organizations.model import OrganizationState, Plan
from hallway.ids import ORGANIZATION, OrganizationId, parsed, wire
from hallway.web.api.endpoint import ROOT, Answer, Body, Call, Document, Endpoint
from hallway.web.api.paging import Next, Paged, cursor, place
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import ExternalId, Instant, Name, instant
from hallway.web.api.words import OrganizationId as WireId

PATH: Final = f"{ROOT}/organizations"
ONE: Final = f"{PATH}/{{organization}}"
READ, WRITE = "organizations:read", "organizations:write"


class Organization(Document, frozen=True, kw_only=True):
    """A customer of the vendor's: the tenant that everything else belongs to."""

    id: WireId
    name: Name
    external_id: ExternalId | None
    plan: Annotated[Plan, Meta(description="What it unlocks.")]
    state: Annotated[OrganizationState, Meta(description="A suspended one takes no writes of directories.")]
    created_at: Instant


class OrganizationList(Document, frozen=True, kw_only=True):
    """A page of organizations, newest first."""

    items: list[Organization]
    next: Next


class OrganizationQuery(Paged, frozen=True, kw_only=True):
    """Which organizations."""

    external_id: Annotated[str, Meta(max_length=256, description="Only the one that the vendor calls so.")] = ""


class NewOrganization(Body, frozen=True, kw_only=True):
    """An organization to make."""

    name: Name
    external_id: ExternalId | None = None
    plan: Plan = Plan.ENTERPRISE


class OrganizationPatch(Body, frozen=True, kw_only=True):
    """What shall be different; what is left out stays."""

    name: Name | UnsetType = UNSET
    external_id: ExternalId | None | UnsetType = UNSET
    plan: Plan | UnsetType = UNSET


def document(one: Owner) -> Organization:
    """An organization as the API shows it."""
    return Organization(
        id=wire(ORGANIZATION, one.id), name=one.name, external_id=one.external_id, plan=one.plan, state=one.state,
        created_at=instant(one.created_at),
    )  # fmt: skip


def etag(one: Owner) -> str:
    """Its version: what can change of it."""
    told = repr((one.name, one.external_id, one.plan.value, one.state.value))
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


def _answer(one: Owner, location: str = "") -> Answer:
    return Answer(document(one), etag(one), location)


async def organization_of(call: Call) -> Owner:
    """The organization that the path names; raises `not_found`."""
    return await located(call, call.param("organization"))


async def located(call: Call, text: str) -> Owner:
    """The organization of an id."""
    own = parsed(ORGANIZATION, text)
    found = None if own is None else await call.hub.stores.organizations.by_id(OrganizationId(own))
    if found is None:
        raise ApiProblem("not_found", "There is no such organization. Find ids by external_id.")
    return found


async def organization_list(call: Call) -> Answer:
    """Newest first, or the one with an external id."""
    asked, stores = call.asked(OrganizationQuery), call.hub.stores.organizations
    if asked.external_id:
        one = await stores.by_external_id(asked.external_id)
        return Answer(OrganizationList(items=[document(one)] if one else [], next=None))
    before = place(asked.after)
    found = await stores.newest(asked.limit + 1, OrganizationId(before) if before else None)
    page = found[: asked.limit]
    following = cursor(page[-1].id) if len(found) > len(page) else None
    return Answer(OrganizationList(items=[document(one) for one in page], next=following))


async def organization_create(call: Call) -> Answer:
    """A new organization, without members."""
    said = call.said(NewOrganization)
    made = await call.hub.registrar.create(said.name, said.plan, said.external_id, call.actor)
    return _answer(made, f"{PATH}/{wire(ORGANIZATION, made.id)}")


async def organization_get(call: Call) -> Answer:
    """One organization."""
    return _answer(await organization_of(call))


async def organization_update(call: Call) -> Answer:
    """Name, external id, plan."""
    was, said = await organization_of(call), call.said(OrganizationPatch)
    call.expected.must_be(etag(was))
    changed = replace(
        was,
        name=was.name if said.name is UNSET else said.name,
        external_id=was.external_id if said.external_id is UNSET else said.external_id,
        plan=was.plan if said.plan is UNSET else said.plan,
    )
    return _answer(await call.hub.registrar.change(was, changed, call.actor))


async def organization_suspend(call: Call) -> Answer:
    """Its directories refuse writes."""
    return _answer(await call.hub.registrar.suspend(await organization_of(call), call.actor))


async def organization_resume(call: Call) -> Answer:
    """Its directories take writes again."""
    return _answer(await call.hub.registrar.resume(await organization_of(call), call.actor))


async def organization_delete(call: Call) -> Answer:
    """Everything of it goes."""
    was = await organization_of(call)
    call.expected.must_be(etag(was))
    await call.hub.registrar.delete(was)
    return Answer()


ENDPOINTS: Final = (
    Endpoint(
        "GET", PATH, READ, "List organizations.", organization_list, OrganizationList, query=OrganizationQuery,
        about="Newest first. With `external_id`, the one that the vendor calls so, or none.",
    ),
    Endpoint(
        "POST", PATH, WRITE, "Make an organization.", organization_create, Organization, NewOrganization, status=201,
        about="It has no members yet: invite an administrator, or make a set-up link.", versioned=True,
    ),
    Endpoint("GET", ONE, READ, "Get an organization.", organization_get, Organization, versioned=True),
    Endpoint(
        "PATCH", ONE, WRITE, "Change name, external id or plan.", organization_update, Organization,
        OrganizationPatch, versioned=True,
    ),
    Endpoint(
        "DELETE", ONE, WRITE, "Delete an organization.", organization_delete, status=204, versioned=True,
        about="Everything of it goes at once, its journal too; nothing brings it back. The feed says that it went.",
    ),
    Endpoint(
        "POST", f"{ONE}/suspend", WRITE, "Suspend an organization.", organization_suspend, Organization,
        about="Its directories refuse writes from now on, so that senders try again later.",
    ),
    Endpoint(
        "POST", f"{ONE}/resume", WRITE, "Resume an organization.", organization_resume, Organization,
        about="Its directories take writes again.",
    ),
)  # fmt: skip
"""The rows."""
