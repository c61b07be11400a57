"""Domains of an organization, by the API."""

from typing import Annotated, Final

from msgspec import Meta

from hallway.hub.organizations import proving
from hallway.hub.organizations.domains import Domain as Kept
from hallway.hub.organizations.domains import DomainState, Finding
from hallway.web.api.endpoint import Answer, Body, Call, Document, Endpoint
from hallway.web.api.organizations import ONE as ORGANIZATION
from hallway.web.api.organizations import organization_of
from hallway.web.api.paging import Next, Paged, sliced
from hallway.web.api.words import DomainName, Instant, maybe

PATH: Final = f"{ORGANIZATION}/domains"
ONE: Final = f"{PATH}/{{domain}}"
READ, WRITE = "domains:read", "domains:write"


class Record(Document, frozen=True, kw_only=True):
    """What proves a domain: a TXT record at this name."""

    name: Annotated[str, Meta(examples=["_hallway-challenge.acme.example"])]
    type: Annotated[str, Meta(examples=["TXT"])]
    value: Annotated[str, Meta(examples=["hallway-domain-verification=0f1e2d3c"])]


class Domain(Document, frozen=True, kw_only=True):
    """An organization's claim to a domain. It does nothing until it is proved."""

    name: DomainName
    state: Annotated[
        DomainState,
        Meta(description="`failing`: the last check did not find the record; `lapsed`: for seven days."),
    ]
    finding: Annotated[
        Finding | None, Meta(description="What the last check found; null before the first.", examples=["none"])
    ]
    record: Record
    has_effect: Annotated[bool, Meta(description="Whether it routes, links and makes members now.")]
    proved_at: Instant | None
    checked_at: Instant | None
    failing_since: Instant | None


class DomainList(Document, frozen=True, kw_only=True):
    """A page of domains, by name."""

    items: list[Domain]
    next: Next


class NewDomain(Body, frozen=True, kw_only=True):
    """A domain to claim."""

    name: DomainName


def document(one: Kept) -> Domain:
    """A domain as the API shows it."""
    return Domain(
        name=one.name, state=one.state, finding=one.finding if one.finding.value else None,
        record=Record(name=one.record_name, type="TXT", value=one.record_value), has_effect=one.has_effect,
        proved_at=maybe(one.proved_at), checked_at=maybe(one.checked_at), failing_since=maybe(one.failing_since),
    )  # fmt: skip


async def _domain(call: Call) -> Kept:
    owner = await organization_of(call)
    return await proving.found_domain(call.hub.domain_desk, owner.id, call.param("domain"))


async def domain_list(call: Call) -> Answer:
    """By name."""
    owner = await organization_of(call)
    there = await call.hub.stores.domains.domains(owner.id)
    page, following = sliced(there, lambda one: one.name.encode(), call.asked(Paged), None)
    return Answer(DomainList(items=[document(one) for one in page], next=following))


async def domain_create(call: Call) -> Answer:
    """A claim with its record."""
    owner = await organization_of(call)
    made = await proving.add(call.hub.domain_desk, owner, call.said(NewDomain).name, call.actor)
    return Answer(document(made), location=f"{call.request.path}/{made.name}")


async def domain_get(call: Call) -> Answer:
    """One claim."""
    return Answer(document(await _domain(call)))


async def domain_check(call: Call) -> Answer:
    """Ask DNS now."""
    return Answer(document(await proving.check(call.hub.domain_desk, await _domain(call), call.actor)))


async def domain_remove(call: Call) -> Answer:
    """Give it up."""
    await proving.remove(call.hub.domain_desk, await _domain(call), call.actor)
    return Answer()


ENDPOINTS: Final = (
    Endpoint("GET", PATH, READ, "List domains.", domain_list, DomainList, query=Paged),
    Endpoint(
        "POST", PATH, WRITE, "Claim a domain.", domain_create, Domain, NewDomain, status=201,
        about="The answer has the TXT record that proves it.",
    ),
    Endpoint("GET", ONE, READ, "Get a domain.", domain_get, Domain),
    Endpoint(
        "POST", f"{ONE}/check", WRITE, "Look for the record now.", domain_check, Domain,
        about="A proved domain is looked after by itself, once a day.",
    ),
    Endpoint(
        "DELETE", ONE, WRITE, "Give a domain up.", domain_remove, status=204,
        about="Members and links that are there stay.",
    ),
)  # fmt: skip
"""The rows."""
