"""Very many people, with what came of them: what the pages of the console are measured with."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from hallway.exchanges.model import Exchange, Gathered
from hallway.hub.directories.users import create_user
from hallway.hub.organizations.members import Member, MemberState, NewMember, Role, Source
from hallway.hub.organizations.model import NewOrganization, Organization, OrganizationState, Plan
from hallway.ids import DIRECTORY, AccountId, EntryId, ExchangeId, MemberId, OrganizationId, ResourceId, wire
from hallway.journal.model import Actor, Change, Entry
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import OPERATOR, Place, made_place, user_body
from tests.web.office import Office

AT_ONCE = 64
BATCH = 2000


@dataclass(frozen=True)
class Crowd:
    """The directory, the last member, a user in the middle, and the exchange that made her."""

    place: Place
    member: Member
    user: ResourceId
    exchange: ExchangeId


async def filled(office: Office, people: int) -> Crowd:
    """An organization of so many members, and a directory of so many users."""
    last = await _members(office, people)
    place = await made_place(office.hub.hub, office.organization, None, {})
    await _users(place, people)
    await _refusals(place, people // 10)
    middle = await place.hub.stores.exchanges.latest(
        place.directory.organization_id, place.directory.id, None, people // 2
    )
    made = next(one for one in reversed(middle) if one.status == 201 and one.answer_resource is not None)
    assert made.answer_resource is not None
    return Crowd(place, last, ResourceId(made.answer_resource), made.id)


async def neighbours(hub: Hub, count: int) -> None:
    """So many other organizations."""
    for number in range(count):
        one, now = OrganizationId(hub.desk.fresh_id()), clock()
        made = Organization(one, f"Customer {number:05}", Plan.ENTERPRISE, OrganizationState.ACTIVE, now, f"c-{number}")
        entry = Entry(EntryId(hub.desk.fresh_id()), "organization.created", now, OPERATOR, one)
        await hub.stores.database.commit(Change(one, (NewOrganization(made),), (entry,), entry.id))


async def _members(office: Office, people: int) -> Member:
    hub, owner = office.hub.hub, office.organization.id
    member = office.admin
    for start in range(0, people, BATCH):
        rows, entries = [], []
        for number in range(start, min(start + BATCH, people)):
            now, one = clock(), MemberId(hub.desk.fresh_id())
            state = MemberState.ACTIVE if number % 10 else MemberState.DEACTIVATED
            name = f"{('Ada', 'Bob', 'Cyd', 'Dan')[number % 4]} Person{number:06}"
            member = Member(
                one, owner, f"person{number:06}@acme.example", name, Role.USER, state, Source.INVITED, now, now,
                AccountId(one),
            )  # fmt: skip
            rows.append(NewMember(member))
            actor = Actor("member", office.admin.id, "Olivia", "192.0.2.1")
            entries.append(
                Entry(EntryId(hub.desk.fresh_id()), "member.joined", now, actor, one, personal={"name": name})
            )
        await hub.stores.database.commit(Change(owner, tuple(rows), tuple(entries), entries[0].id))
    return member


async def _users(place: Place, people: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            address = f"user{number:06}@other.example"
            body = user_body(address, displayName=f"User {number:06}", emails=[{"value": address}])
            exchange = _exchange(place, 0)
            scene = replace(place.scene, exchange=exchange, cause=exchange.id)
            await create_user(place.hub.desk, scene, body)

    await asyncio.gather(*(one(number) for number in range(people)))


async def _refusals(place: Place, count: int) -> None:
    """Creations of somebody who is there, refused."""
    for start in range(0, count, BATCH):
        refusals = [_exchange(place, 409) for _ in range(min(BATCH, count - start))]
        await place.hub.stores.counters.write(Gathered(refusals=refusals), clock())


def _exchange(place: Place, status: int) -> Exchange:
    own: Any = place.directory
    path = f"/scim/{wire(DIRECTORY, own.id)}/v2/Users"
    request = b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"user000000@other.example"}'
    return Exchange(
        ExchangeId(place.hub.desk.fresh_id()), own.organization_id, own.id, place.made.token.id, clock(), "POST", path,
        status, 900, "client/1", "192.0.2.7", "application/scim+json", "application/scim+json", request,
    )  # fmt: skip
