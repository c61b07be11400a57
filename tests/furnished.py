"""A deployment in which everything that a page can show is there once, and a browser's cookies for each credential."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hallway.accounts.desk import Browser
from hallway.accounts.model import DEPLOYMENT, Account, AccountState, NewAccount, NewPasskey, Passkey, Realm
from hallway.accounts.sign_in import CODE, PASSWORD, Proof
from hallway.delivery.model import Attempt as DeliveryAttempt
from hallway.delivery.model import Delivery, DeliveryDone, DeliveryState, Endpoint
from hallway.hub.applications.api_keys import create as create_key
from hallway.hub.applications.model import Addresses
from hallway.hub.applications.scopes import SCOPES
from hallway.hub.applications.service import Wish as ApplicationWish
from hallway.hub.applications.service import add_secret, revoke_secret
from hallway.hub.applications.service import create as create_application
from hallway.hub.connections.model import Connection, Protocol
from hallway.hub.connections.model import Provider as ConnectionProvider
from hallway.hub.connections.service import Draft
from hallway.hub.connections.trusted import key_name
from hallway.hub.directories.administration import Administration
from hallway.hub.directories.model import Provider
from hallway.hub.events.receipts import Confirmer, Done, Said, received
from hallway.hub.events.streams import Pending, create_stream
from hallway.hub.operators.model import NewOperator, Operator, OperatorRole, OperatorState
from hallway.hub.organizations.founding import found_organization
from hallway.hub.organizations.inviting import Joiner, Wish, accept, invite
from hallway.hub.organizations.members import Role
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.organizations.proving import add as add_domain
from hallway.hub.organizations.roster import deactivate
from hallway.hub.setup.model import Task
from hallway.hub.setup.service import Browser as SetupBrowser
from hallway.hub.setup.service import Wish as LinkWish
from hallway.hub.setup.service import create as create_link
from hallway.hub.setup.service import open_link, visit_of
from hallway.hub.setup.signing_on import Hand, make_connection
from hallway.hub.sign_in.desk import Ended
from hallway.hub.sign_in.model import Kind, Outcome
from hallway.hub.webhooks.service import Wish as HookWish
from hallway.hub.webhooks.service import create as create_webhook
from hallway.hub.webhooks.service import disable as disable_webhook
from hallway.ids import (
    ACCOUNT,
    ATTEMPT,
    CLIENT_SECRET,
    CONNECTION,
    CONTACT,
    DIRECTORY,
    ENDPOINT,
    ENTRY,
    EXCHANGE,
    MEMBER,
    ORGANIZATION,
    PASSKEY,
    SESSION,
    SETUP_LINK,
    STREAM,
    TOKEN,
    AccountId,
    AttemptId,
    DeliveryAttemptId,
    EntryId,
    OrganizationId,
    PasskeyId,
    wire,
)
from hallway.journal.feed import Placed, Wanted
from hallway.journal.model import Actor, Change
from hallway.scim.json import JsonObject
from hallway.web.delivering import webhook_desk
from hallway.web.event_desks import receipt_desk
from hallway.web.streaming import stream_desk
from hallway.web.wiring import Hub, application_desk, connection_desk, key_desk, operator_desk, setup_desk, sign_in_desk
from tests.web.browsing import PASSWORD as WORDS
from tests.web.federation import federated

HERE = Browser("192.0.2.20", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
COMMAND = Actor("command", None, "tests")
Post = Callable[[str, str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Posts a SCIM body to a path below `/scim`, with a token; the answer's body."""


@dataclass
class House:
    """One organization: what its pages are about by the names of the route table, and who is there."""

    organization: Organization
    values: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    token: str = ""
    key: str = ""

    def path(self, template: str) -> str:
        """The address of a row of the route table."""
        return template.format(**self.values)


async def person(hub: Hub, email: str, name: str, realm: Realm = Realm.CONSOLE) -> tuple[Account, dict[str, str]]:
    """An account with a password, and the cookies of a session that began just now."""
    rooms, now = (hub.people if realm is Realm.CONSOLE else hub.operators), hub.people.desk.clock()
    kept = await rooms.desk.means.hasher.hash(WORDS)
    account = Account(
        AccountId(hub.desk.fresh_id()), realm, AccountState.ACTIVE, email, name, now, "", kept, now, proved_at=now
    )
    await rooms.desk.write(account.id, (NewAccount(account),))
    proofs = (Proof(PASSWORD),) if realm is Realm.CONSOLE else (Proof(PASSWORD), Proof(CODE))
    opened = await rooms.sign_in.begin(account, proofs, HERE, None)
    cookie = "hub_session" if realm is Realm.CONSOLE else "hub_operator"
    return account, {cookie: opened.text}


async def entered(hub: Hub, account: Account, cookies: dict[str, str], house: Organization) -> None:
    """Her session works in this organization."""
    found = await hub.people.sessions.visited(cookies["hub_session"])
    assert found is not None
    await hub.people.sessions.open_organization(account, found[1], house.id)


async def member(hub: Hub, house: Organization, email: str, role: Role) -> tuple[Account, dict[str, str]]:
    """Somebody who accepted an invitation, and is in."""
    account, cookies = await person(hub, email, email.partition("@")[0].title())
    made = await invite(hub.roster, house, Wish(email, role), COMMAND)
    text = made.link.partition("code=")[2].partition("&")[0]
    await accept(hub.roster, text, Joiner(account.id, email, account.name), COMMAND)
    await entered(hub, account, cookies, house)
    return account, cookies


async def furnished(hub: Hub, name: str, post: Post) -> House:
    """An organization with everything in it; `post` reaches the server that its pages come from."""
    domain = f"{name.lower()}.example"
    admin, cookies = await person(hub, f"ada@{domain}", "Ada Byron")
    joiner = Joiner(admin.id, admin.email, admin.name)
    first = await found_organization(hub.roster, name, Plan.ENTERPRISE, joiner, HERE.address)
    organization = await hub.stores.organizations.by_id(first.organization_id)
    assert organization is not None
    await entered(hub, admin, cookies, organization)
    values = {"organization": wire(ORGANIZATION, organization.id), "mail": "0" * 32}
    house = House(organization, values, {"admin": cookies})
    actor = Actor("member", first.id, admin.shown, HERE.address)
    _, house.cookies["user"] = await member(hub, organization, f"una@{domain}", Role.USER)
    _, house.cookies["guest"] = await member(hub, organization, f"gus@{domain}", Role.GUEST)
    _, house.cookies["account"] = await person(hub, f"alone@{domain}", "Alone")
    await _account_things(hub, house, admin)
    await _directory(hub, house, actor, post)
    await _settings(hub, house, actor, domain)
    await _link(hub, house, actor)
    await _operators(hub, house)
    await _receipt(hub, house, actor)
    await _webhook(hub, house, actor)
    await _application(hub, house, actor)
    house.key = (await create_key(key_desk(hub), f"For {name}", SCOPES, None, actor)).text
    return house


async def _application(hub: Hub, house: House, actor: Actor) -> None:
    """An application with two secrets, of which one ends soon."""
    desk, site = application_desk(hub), f"https://fieldbook.{house.organization.name.lower()}.example"
    addresses = Addresses((f"{site}/callback",), (f"{site}/left",), f"{site}/logout", (f"{site}/settings",))
    made = await create_application(desk, ApplicationWish("Fieldbook", addresses=addresses), actor)
    assert made.secret is not None
    secret = wire(CLIENT_SECRET, made.secret.id)
    await add_secret(desk, made.application, actor)
    await revoke_secret(desk, made.application, secret, actor, 24)
    house.values |= {"application": made.application.client_id, "secret": secret}


async def _webhook(hub: Hub, house: House, actor: Actor) -> None:
    """A webhook that is off, and an event that it did not take."""
    owner, desk = house.organization.id, webhook_desk(hub)
    made, _ = await create_webhook(desk, HookWish("https://hooks.example/", ("member.*",)), owner, actor)
    await disable_webhook(desk, made, actor)
    await hub.contact_book.add(owner, f"hooks@{house.organization.name.lower()}.example", "Hooks", actor)
    house.values |= {"webhook": wire(ENDPOINT, made.id), "event": await given_up(hub, owner, made)}


async def given_up(hub: Hub, owner: OrganizationId, hook: Endpoint) -> str:
    """The first event of an organization's feed, as a dead letter of a webhook; its id."""
    while await hub.stores.feed.place():
        pass
    placed, desk = (await hub.stores.feed.after(Wanted(0, 1, owner))).entries[0], webhook_desk(hub)
    now = desk.clock()
    dead = Delivery(
        owner, hook.id, placed.position, placed.event_id, placed.type, DeliveryState.DEAD, 12, placed.at, now
    )
    attempt = DeliveryAttempt(DeliveryAttemptId(desk.fresh_id()), now, 500, 41_500, "It answered 500.", b"<b>no</b>")
    await hub.stores.database.commit(Change(owner, (DeliveryDone(dead, attempt),)))
    return wire(ENTRY, placed.event_id)


async def _receipt(hub: Hub, house: House, actor: Actor) -> None:
    """Somebody who left, and what an application says it did then."""
    owner = house.organization
    await member(hub, owner, f"lea@{owner.name.lower()}.example", Role.USER)
    (lea,) = await hub.stores.members.by_email(owner.id, f"lea@{owner.name.lower()}.example")
    await deactivate(hub.roster, lea, actor)
    house.values["leaver"] = wire(MEMBER, lea.id)
    told: Sequence[Placed] = ()
    while not told:
        await hub.stores.feed.place()
        told = (await hub.stores.feed.after(Wanted(0, 1, owner.id, ("member.deactivated",)))).entries
    did = (Done("sessions_ended", 2), Done("keys_revoked"))
    await received(receipt_desk(hub), Confirmer(b"r" * 16, "Fieldbook"), wire(ENTRY, told[0].event_id), Said(did))


async def operator(hub: Hub, role: OperatorRole, email: str) -> tuple[Account, dict[str, str]]:
    """Somebody who runs the deployment, and is in, with two factors."""
    account, cookies = await person(hub, email, role.value.title(), Realm.OPERATOR)
    made = Operator(account.id, role, OperatorState.ACTIVE, operator_desk(hub).clock(), 0)
    await hub.stores.database.commit(Change(DEPLOYMENT, (NewOperator(made),)))
    return account, cookies


async def _operators(hub: Hub, house: House) -> None:
    for role in OperatorRole:
        email = f"{role.value}@{house.organization.name.lower()}.ops.example"
        account, house.cookies[role.value] = await operator(hub, role, email)
        house.values["operator"] = wire(ACCOUNT, account.id)


async def _account_things(hub: Hub, house: House, admin: Account) -> None:
    sessions = await hub.stores.accounts.sessions(admin.id)
    house.values["session"] = wire(SESSION, sessions[0].id)
    passkey = Passkey(PasskeyId(hub.desk.fresh_id()), admin.id, "Phone", b"credential", b"key", 0, (), 1)
    await hub.people.desk.write(admin.id, (NewPasskey(passkey),))
    house.values["passkey"] = wire(PASSKEY, passkey.id)


async def _directory(hub: Hub, house: House, actor: Actor, post: Post) -> None:
    administration = Administration(hub.desk, hub.catalogue.types, actor)
    directory, made = await administration.create(house.organization, "Staff", Provider("jumpcloud"), 365)
    house.values |= {"directory": wire(DIRECTORY, directory.id), "token": wire(TOKEN, made.token.id)}
    house.token = made.text
    base = f"/{house.values['directory']}/v2"
    schemas = "urn:ietf:params:scim:schemas:core:2.0:"
    address = f"bea@{house.organization.name.lower()}.example"
    user = await post(
        f"{base}/Users",
        made.text,
        {
            "schemas": [f"{schemas}User"],
            "userName": address,
            "displayName": "Bea <Beck>",
            "active": "True",
            "emails": [{"value": address, "primary": True}],
        },
    )
    await post(f"{base}/Users", made.text, {"schemas": [f"{schemas}User"], "userName": address})
    listed = [{"value": user["id"]}]
    group = await post(
        f"{base}/Groups", made.text, {"schemas": [f"{schemas}Group"], "displayName": "Team", "members": listed}
    )
    house.values |= {"user": str(user["id"]), "group": str(group["id"])}
    stream = (await create_stream(stream_desk(hub), directory, "https://reader.example", actor)).stream
    waiting = Pending(stream.position + 1, 1, EntryId(hub.desk.fresh_id()))
    await hub.stores.streams.hand(stream, waiting.position, [waiting])
    house.values["stream"] = wire(STREAM, stream.id)
    latest = await hub.stores.exchanges.latest(house.organization.id, directory.id, None, 10)
    house.values["exchange"] = wire(EXCHANGE, latest[0].id)


async def _settings(hub: Hub, house: House, actor: Actor, domain: str) -> None:
    owner = house.organization
    await add_domain(hub.domain_desk, owner, domain, actor)
    house.values["domain"] = domain
    there = await federated(hub, owner, f"sso.{domain}")
    house.values |= {"hex": there.connection.id.hex(), "connection": wire(CONNECTION, there.connection.id)}
    house.values["key"] = key_name(there.connection.saml.keys[0].certificate)
    house.values["attempt"] = wire(ATTEMPT, await refused_attempt(hub, there.connection))
    contact = await hub.contact_book.add(owner.id, f"it@{domain}", "IT", actor)
    house.values["contact"] = wire(CONTACT, contact.id)
    invited = await invite(hub.roster, owner, Wish(f"new@{domain}"), replace(actor, kind="command", id=None))
    house.values["member"] = wire(MEMBER, invited.member.id)
    house.values["invitation"] = invited.link
    house.values["entry"] = "1"


async def refused_attempt(hub: Hub, connection: Connection) -> AttemptId:
    """A sign-in that was refused, with everything that a page shows of one."""
    desk, now = sign_in_desk(hub), hub.desk.clock()
    detail: JsonObject = {
        "timeline": [{"at": now - 2_000_000, "what": "began"}, {"at": now, "what": "refused"}],
        "expected": "https://hub.example/sso/metadata", "received": "https://hub.example/sso/metadata/ <x>",
        "facts": {"response_signed": True, "encrypted": False, "context": "urn:password"}, "name_id": "jo@x.example",
        "attributes": {"email": ["jo@x.example"], "shoe size": None}, "address": HERE.address, "client": HERE.client,
    }  # fmt: skip
    row = desk.attempt(connection, Ended(Kind.TEST, Outcome.REFUSED, "wrong_audience", "jo@x.example", detail))
    await hub.stores.database.commit(Change(connection.organization_id, (row,)))
    return row.attempt.id


async def _link(hub: Hub, house: House, actor: Actor) -> None:
    desk = setup_desk(hub, hub.mailing.letters)
    assert actor.id is not None
    wish = LinkWish((Task.DOMAIN, Task.DIRECTORY, Task.SSO), "For IT", "", created_by=wire(MEMBER, actor.id))
    made = await create_link(desk, house.organization, wish, actor)
    house.values["link"] = wire(SETUP_LINK, made.link.id)
    text = await open_link(desk, made.address.partition("link=")[2], SetupBrowser(HERE.address, HERE.client))
    assert isinstance(text, str)
    house.cookies["setup link"] = {"hub_setup": text}
    visit = await visit_of(desk, text)
    assert visit is not None
    draft = Draft(f"{house.organization.name}, Okta", Protocol.SAML, ConnectionProvider.OKTA)
    await make_connection(Hand(desk, connection_desk(hub), visit, HERE.address), draft)
    house.values["setup_address"] = made.address
