"""An organization whose settings are looked after: members, and a browser in which one of them is signed in."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from hallway.accounts.model import Account, AccountState, NewAccount, Realm
from hallway.hub.organizations.members import Member, MemberState, NewMember, Role, Source
from hallway.hub.organizations.model import Organization, Plan
from hallway.ids import MEMBER, AccountId, EntryId, MemberId, wire
from hallway.journal.model import Actor, Change, Entry
from hallway.web.admitting import Admission
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import OPERATOR
from tests.web.asgi import Answer, call
from tests.web.deployment import Deployment


@dataclass
class Office:
    """One organization with its first administrator, and requests as her browser sends them."""

    hub: Deployment
    organization: Organization
    admin: Member
    who: Any = None
    jar: dict[str, str] = field(default_factory=dict)

    def sign_in(self, member: Member, fresh: bool = True) -> None:
        """Whoever is signed in from now on."""
        organization = self.organization
        since = clock() if fresh else clock() - 3_600_000_000
        self.who = SimpleNamespace(
            name=member.shown, email=member.email, locale="", role=member.role.value, organization=organization,
            organization_name=organization.name, member=member, authenticated_at=since,
            account=SimpleNamespace(id=member.account_id),
            actor=lambda request: Actor("member", member.id, member.shown, request.client_address),
        )  # fmt: skip

        async def find(_: Any) -> Any:
            return self.who

        pages = self.hub.serving._pages
        assert pages is not None
        self.hub.serving.guards.update(Admission(pages, find, clock).guards())

    async def get(self, path: str, fragment: bool = False) -> Answer:
        """A page, or what htmx asks for."""
        return await self._kept("GET", path, {"hx-request": "true"} if fragment else {}, b"")

    async def post(self, path: str, **fields: str) -> Answer:
        """A form of our own page."""
        headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        return await self._kept("POST", path, headers, urlencode(fields).encode())

    async def _kept(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        sent = {"accept": "text/html", **({"cookie": cookie} if cookie else {}), **headers}
        answer = await call(self.hub.app, method, path, sent, body)
        for line in answer.cookies:
            name, _, value = line.partition(";")[0].partition("=")
            self.jar[name] = value
        return answer

    async def member(self, email: str, name: str = "", **more: Any) -> Member:
        """Somebody else of this organization; an active user with an account unless told otherwise."""
        return await written_member(self.hub.hub, self.organization, email, name, **more)

    async def again(self, member: Member) -> Member | None:
        """The same, as she is now."""
        return await self.hub.hub.stores.members.by_id(member.organization_id, member.id)


async def written_member(hub: Hub, organization: Organization, email: str, name: str = "", **more: Any) -> Member:
    """A member, with the entry that says so."""
    now, one, own = clock(), MemberId(hub.desk.fresh_id()), AccountId(hub.desk.fresh_id())
    account = Account(own, Realm.CONSOLE, AccountState.ACTIVE, f"{one.hex()}@here", name, now)
    await hub.people.desk.write(account.id, (NewAccount(account),))
    given: dict[str, Any] = {
        "role": Role.USER, "state": MemberState.ACTIVE, "source": Source.INVITED,
        "account_id": account.id, **more,
    }  # fmt: skip
    made = Member(one, organization.id, email, name, created_at=now, access_from=now, **given)
    entry = Entry(
        EntryId(hub.desk.fresh_id()), "member.joined", now, OPERATOR, one, personal={"name": name, "email": email}
    )
    await hub.stores.database.commit(Change(organization.id, (NewMember(made),), (entry,), entry.id))
    return made


async def opened_office(hub: Deployment, name: str = "Acme", plan: Plan = Plan.ENTERPRISE) -> Office:
    """A new organization, its administrator signed in."""
    organization = await hub.hub.registrar.create(name, plan, None, OPERATOR)
    admin = await written_member(
        hub.hub, organization, "olivia@acme.example", "Olivia <Admin>", role=Role.ADMIN, source=Source.REGISTERED
    )
    office = Office(hub, organization, admin)
    office.sign_in(admin)
    return office


def page_of(member: Member) -> str:
    """Her page."""
    return f"/settings/members/{wire(MEMBER, member.id)}"
