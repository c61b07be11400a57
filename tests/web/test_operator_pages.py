"""The operators' console: who opens what, what each act does, and what the customer reads of it."""

import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pytest

from hallway.accounts.model import DEPLOYMENT, Realm
from hallway.accounts.one_time_codes import code_at
from hallway.hub.applications.model import Addresses
from hallway.hub.applications.service import Wish as ApplicationWish
from hallway.hub.applications.service import create as create_application
from hallway.hub.operators.model import OperatorRole
from hallway.hub.operators.service import create, deactivate, found_operator, set_role
from hallway.hub.organizations.domains import Domain, DomainState, DomainUpdate, NewDomain
from hallway.hub.organizations.members import Role
from hallway.hub.organizations.model import Organization, OrganizationState, Plan
from hallway.hub.setup.model import SetupLink
from hallway.hub.webhooks.service import Wish as HookWish
from hallway.hub.webhooks.service import create as create_webhook
from hallway.ids import ACCOUNT, DIRECTORY, ENDPOINT, EXCHANGE, ORGANIZATION, SETUP_LINK, EntryId, wire
from hallway.journal.model import Actor, Change, Entry, Written
from hallway.scim.json import JsonObject
from hallway.store.setup import SetupLinkStore
from hallway.web.delivering import webhook_desk
from hallway.web.operator.guard import HOME
from hallway.web.operator.routes import ACCOUNT_ROUTES, ROUTES
from hallway.web.routes import ROUTES as EVERY_ROUTE
from hallway.web.rows import (
    FRESH_OPERATOR_OWNER,
    NONE,
    OPERATOR,
    OPERATOR_OWNER,
    OPERATOR_SUPPORT,
    OPERATOR_VISIT,
)
from hallway.web.rows import (
    SETUP_LINK as SETUP_GUARD,
)
from hallway.web.wiring import application_desk, clock, operator_desk
from hallway.worker.deliveries import Couriers
from tests.furnished import given_up
from tests.rooms.opened import OPERATOR as COMMAND
from tests.rooms.opened import Place
from tests.web.asgi import call
from tests.web.browsing import PASSWORD, Browser, joined
from tests.web.deployment import Deployment, deployed

CONSOLE = [row for row in ROUTES if row not in ACCOUNT_ROUTES]
RANK = {OPERATOR: 0, OPERATOR_SUPPORT: 1, OPERATOR_OWNER: 2, FRESH_OPERATOR_OWNER: 2}


@dataclass
class World:
    """A deployment with a customer and a directory in it."""

    served: Deployment
    place: Place
    webhook: str
    event: str
    """The ids of a webhook and of an event that it did not take."""
    application: str

    @property
    def owner(self) -> Organization:
        """The customer."""
        return self.place.directory.organization

    @property
    def root(self) -> str:
        """Its pages."""
        return f"{HOME}/{wire(ORGANIZATION, self.owner.id)}"

    async def operator(self, role: OperatorRole, email: str = "", factor: bool = True) -> Browser:
        """A browser of a new operator, who came by the link of the command and turned codes on."""
        hub = self.served.hub
        address = email or f"{role.value}@vendor.example"
        made = await create(operator_desk(hub), address, "", role, COMMAND)
        browser = Browser(self.served.app)
        await browser.get(re.sub(r"^https?://[^/]+", "", made.address))
        await browser.submit("/operator/reset/confirm", password=PASSWORD)
        await browser.follow()
        await browser.submit("/operator/sign-in", email=address, password=PASSWORD)
        assert browser.page.headers["location"] == HOME, browser.text
        if factor:
            await self.turn_codes_on(browser, address)
        return browser

    async def turn_codes_on(self, browser: Browser, address: str) -> None:
        """Second factor: a code now, and once more to prove it."""
        await browser.get("/operator/account/security/codes")
        seed = str(browser.soup.find("input", {"id": "key"})["value"]).replace(" ", "")  # type: ignore[index]
        await browser.submit("/operator/account/security/codes", code=code_of(seed))
        assert browser.page.status == 200 and "Recovery codes" in browser.text
        codes = [str(one.text) for one in browser.soup.select(".recovery-codes code")]
        await browser.get(HOME)
        await browser.follow()
        await browser.submit("/operator/sign-in/again", password=PASSWORD, code=codes[0])
        assert browser.page.status == 303, browser.text

    async def journal(self, organization: Organization | None = None) -> list[Written]:
        """What stands in a journal."""
        tenant = DEPLOYMENT if organization is None else organization.id
        return list(await self.served.hub.stores.journal.after(tenant, 0, 1000))

    async def now(self) -> Organization:
        """The customer as it is."""
        found = await self.served.hub.stores.organizations.by_id(self.owner.id)
        assert found is not None
        return found


def code_of(seed: str) -> str:
    """What an authenticator app shows now."""
    return code_at(base64.b32decode(seed), clock() // 30_000_000)


@asynccontextmanager
async def world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A customer with people, requests and a refusal; an application, and a webhook that nothing is sent to."""
    monkeypatch.setattr(Couriers, "start", lambda _: None)
    async with deployed(folder, monkeypatch) as served:
        place = await served.place()
        client = served.client(place)
        await client.user("ada@acme.example", displayName="Ada <Byron>")
        await client.user("ADA@acme.example")
        await served.written()
        hub, wish = served.hub, HookWish("https://app.example/hook", ("user.*",), "Fieldbook")
        hook, _ = await create_webhook(webhook_desk(hub), wish, None, COMMAND)
        event = await given_up(hub, place.directory.organization_id, hook)
        wish = ApplicationWish("Fieldbook <beta>", addresses=Addresses(("https://fieldbook.example/callback",)))
        made = await create_application(application_desk(hub), wish, COMMAND)
        yield World(served, place, wire(ENDPOINT, hook.id), event, made.application.client_id)


def filled(template: str, here: World, exchange: str = "exch_1") -> str:
    """A path of a route with the customer's ids."""
    named = {
        "organization": wire(ORGANIZATION, here.owner.id), "directory": wire(DIRECTORY, here.place.directory.id),
        "exchange": exchange, "domain": "acme.example", "link": "setup_1", "operator": "acct_1", "passkey": "pk_1",
        "webhook": here.webhook, "event": here.event,
        "application": here.application, "secret": "secret_1",
    }  # fmt: skip
    for name, value in named.items():
        template = template.replace(f"{{{name}}}", value)
    return template


async def test_each_role_opens_what_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        await here.operator(OperatorRole.OWNER)
        for rank, role in enumerate((OperatorRole.VIEWER, OperatorRole.SUPPORT)):
            browser = await here.operator(role)
            for row in CONSOLE:
                path = filled(row.path, here)
                answer = await (browser.get(path) if row.method == "GET" else browser.post(path))
                if RANK[row.guard] > rank:
                    assert answer.status == 403 and b"Your role does not open" in answer.body, (role, row.path)
                else:
                    assert answer.status in (200, 303, 404, 422), (role, row.path, answer.status)
        assert await here.now() == here.owner


async def test_every_page_shows_itself_to_an_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.operator(OperatorRole.OWNER)
        kept = await here.served.everything_kept(here.place)
        await browser.post(f"{here.root}/look", reason="ticket 4711", to="")
        for row in ROUTES:
            if row.method == "GET" and row.path not in ("/operator", "/operator/sign-in", "/operator/sign-in/code"):
                answer = await browser.get(filled(row.path, here, wire(EXCHANGE, kept[0].id)))
                expected = 404 if row.path == "/operator/reset/confirm" else 200
                assert answer.status == expected, (row.path, answer.status, browser.text[:200])
                assert b"<h1>" in answer.body and b"<Byron>" not in answer.body, row.path
                assert b"<beta>" not in answer.body, row.path
                assert b'href="/directories' not in answer.body, row.path


async def test_no_cookie_of_the_console_opens_anything_here_nor_the_other_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        operator = await here.operator(OperatorRole.OWNER)
        member = await joined(here.served.hub, Browser(here.served.app), here.owner, "ann@acme.example", Role.ADMIN)
        member.jar["hub_operator"] = member.jar["hub_session"]
        operator.jar["hub_session"] = operator.jar["hub_setup"] = operator.jar["hub_operator"]
        for row in ROUTES:
            if row.guard not in (NONE, OPERATOR_VISIT):
                path = filled(row.path, here)
                answer = await (member.get(path) if row.method == "GET" else member.post(path))
                assert answer.status == 303 and "/operator/sign-in" in answer.headers["location"], row.path
        for row in EVERY_ROUTE:
            if row.page and row.path not in {one.path for one in ROUTES} and row.guard != NONE:
                path = re.sub(r"\{[^}]*\}", "x", row.path)
                answer = await (operator.get(path) if row.method == "GET" else operator.post(path))
                if row.guard == SETUP_GUARD:
                    assert answer.status == 403, row.path
                else:
                    assert answer.status == 303 and answer.headers["location"].startswith("/sign-in"), row.path


async def test_a_password_alone_opens_nothing_of_a_customer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.operator(OperatorRole.OWNER, factor=False)
        for row in CONSOLE:
            path = filled(row.path, here)
            answer = await (browser.get(path) if row.method == "GET" else browser.post(path))
            assert answer.status == 403 and b"second factor" in answer.body and b"Acme" not in answer.body, row.path
        assert (await browser.get("/operator/account/security")).status == 200
        await here.turn_codes_on(browser, "owner@vendor.example")
        assert (await browser.get(HOME)).status == 200


async def test_nobody_signs_in_with_a_wrong_or_a_customers_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        await joined(here.served.hub, Browser(here.served.app), here.owner, "ann@acme.example", Role.ADMIN)
        await create(operator_desk(here.served.hub), "olga@vendor.example", "", OperatorRole.OWNER, COMMAND)
        browser = Browser(here.served.app)
        for email in ("ann@acme.example", "olga@vendor.example", "nobody@vendor.example"):
            await browser.get("/operator/sign-in")
            answer = await browser.submit("/operator/sign-in", email=email, password=PASSWORD)
            assert answer.status == 422 and "hub_operator" not in browser.jar, email


async def test_one_who_is_deactivated_or_loses_a_role_opens_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        await here.operator(OperatorRole.OWNER)
        browser = await here.operator(OperatorRole.OWNER, "olga@vendor.example")
        desk = operator_desk(here.served.hub)
        olga = (await found_operator(desk, "olga@vendor.example"))[0]
        assert (await browser.get("/operator/audit")).status == 200
        olga = await set_role(desk, olga, OperatorRole.VIEWER, COMMAND)
        assert (await browser.get("/operator/audit")).status == 403
        assert (await browser.get(HOME)).status == 200
        await deactivate(desk, olga, COMMAND)
        ended = await browser.get(HOME)
        assert ended.status == 403 and b"no operator any more" in ended.body and "hub_operator" not in browser.jar
        await browser.get("/operator/sign-in")
        await browser.submit("/operator/sign-in", email="olga@vendor.example", password=PASSWORD)
        assert (await browser.get("/operator/account/security")).headers["location"].startswith("/operator/sign-in")


async def test_what_changes_things_asks_again_after_ten_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.operator(OperatorRole.OWNER)
        here.served.later(601)
        for row in CONSOLE:
            if row.guard == FRESH_OPERATOR_OWNER:
                path = filled(row.path, here)
                answer = await (browser.get(path) if row.method == "GET" else browser.post(path))
                assert answer.headers["location"].startswith("/operator/sign-in/again"), row.path
        assert await here.now() == here.owner


async def test_the_proof_is_asked_for_before_a_long_form_is_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.operator(OperatorRole.OWNER)
        here.served.later(601)
        for path in (f"{HOME}/new", "/operator/applications/new", "/operator/webhooks/new"):
            answer = await browser.get(path)
            assert answer.headers["location"] == f"/operator/sign-in/again?next={quote(path, safe='')}"


async def test_organizations_are_found_by_name_id_and_external_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        registrar = here.served.hub.registrar
        made = [await registrar.create(f"Customer {n}", Plan.FREE, f"crm-{n}", COMMAND) for n in range(60)]
        browser = await here.operator(OperatorRole.VIEWER)
        first = await browser.get(HOME)
        assert b"Customer 59" in first.body and b"Customer 9<" not in first.body and b"61 organizations" in first.body
        following = browser.soup.find("a", {"rel": "next"})
        assert following is not None
        second = await browser.get(str(following["href"]))  # type: ignore[index]
        assert b"Customer 9<" in second.body and b"Customer 59" not in second.body
        for asked in ("CRM-42", "customer 42", wire(ORGANIZATION, made[42].id)):
            found = await browser.get(f"{HOME}?q={asked.replace(' ', '+')}", fragment=True)
            assert b"Customer 42" in found.body and b"Customer 41" not in found.body and b"<html" not in found.body
        assert b"No organization has" in (await browser.get(f"{HOME}?q=zzz")).body


async def test_an_organization_is_made_with_its_external_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.operator(OperatorRole.OWNER)
        for fields, said in (
            ({"name": "", "plan": "free"}, b"1 to 200 printable"),
            ({"name": "Beta", "plan": "gold"}, b"Choose a plan"),
            ({"name": "Beta", "plan": "free", "external_id": "org_1"}, b"external id has"),
        ):
            answer = await browser.post(f"{HOME}/new", **fields)
            assert answer.status == 422 and said in answer.body, fields
        made = await browser.post(f"{HOME}/new", name="Beta", plan="free", external_id="crm-1")
        again = await browser.post(f"{HOME}/new", name="Gamma", plan="free", external_id="crm-1")
        assert again.status == 422 and b"Another organization" in again.body
        beta = await here.served.hub.registrar.found("crm-1")
        assert made.headers["location"].endswith(wire(ORGANIZATION, beta.id)) and beta.plan is Plan.FREE
        assert (await here.journal(beta))[0].entry.actor.kind == "operator"


async def test_plan_and_suspension_are_journaled_as_the_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.operator(OperatorRole.OWNER)
        assert (await browser.post(f"{here.root}/plan", name="Acme", plan="gold")).status == 422
        await browser.post(f"{here.root}/plan", name="Acme AG", plan="free")
        assert await here.now() == replace(here.owner, name="Acme AG", plan=Plan.FREE)
        await browser.post(f"{here.root}/suspend")
        assert (await here.now()).state is OrganizationState.SUSPENDED
        page = await browser.get(here.root)
        assert b"Resume organization" in page.body
        await browser.post(f"{here.root}/resume")
        assert (await here.now()).state is OrganizationState.ACTIVE
        acts = [(one.entry.type, one.entry.actor) for one in await here.journal(here.owner)][-3:]
        assert [kind for kind, _ in acts] == ["organization.updated", "organization.suspended", "organization.resumed"]
        assert {(who.kind, who.label) for _, who in acts} == {("operator", "owner@vendor.example")}


async def test_people_and_requests_open_for_a_reason_that_the_customer_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        await joined(here.served.hub, Browser(here.served.app), here.owner, "ann@acme.example", Role.ADMIN)
        browser = await here.operator(OperatorRole.SUPPORT)
        activity = f"{here.root}/directories/{wire(DIRECTORY, here.place.directory.id)}/activity"
        overview = await browser.get(here.root)
        assert b"ann@acme.example" not in overview.body and b"Byron" not in overview.body
        for path in (f"{here.root}/members", activity):
            answer = await browser.get(path)
            assert answer.status == 303 and "/look?to=" in answer.headers["location"], path
        await browser.get(f"{here.root}/members")
        await browser.follow()
        assert (await browser.submit(f"{here.root}/look", reason=" ")).status == 422
        assert not [one for one in await here.journal(here.owner) if one.entry.type == "operator.looked"]
        await browser.submit(f"{here.root}/look", reason="ticket 4711")
        assert browser.page.headers["location"] == f"{here.root}/members"
        assert b"ann@acme.example" in (await browser.follow()).body
        assert b"Ada" in (await browser.get(activity)).body
        looked = [one for one in await here.journal(here.owner) if one.entry.type == "operator.looked"]
        assert [one.personal for one in looked] == [{"reason": "ticket 4711"}]
        other = await here.served.place()
        elsewhere = f"{HOME}/{wire(ORGANIZATION, other.directory.organization_id)}/members"
        assert (await browser.get(elsewhere)).status == 303, "the reason was for one organization"
        stolen = await here.operator(OperatorRole.SUPPORT, "sue@vendor.example")
        stolen.jar["hub_operator_look"] = browser.jar["hub_operator_look"]
        assert (await stolen.get(f"{here.root}/members")).status == 303, "and for one operator"
        here.served.later(3601)
        assert (await browser.get(f"{here.root}/members")).status == 303, "and for an hour"


async def test_a_directory_of_another_organization_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch) as here:
        other = await here.served.place()
        browser = await here.operator(OperatorRole.OWNER)
        await browser.post(f"{here.root}/look", reason="ticket", to="https://evil.example/")
        assert browser.page.headers["location"] == here.root
        foreign = wire(DIRECTORY, other.directory.id)
        assert (await browser.get(f"{here.root}/directories/{foreign}/activity")).status == 404
        assert (await browser.get(f"{HOME}/{wire(ORGANIZATION, b'x' * 16)}")).status == 404


async def test_an_operators_link_is_shown_once_and_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.operator(OperatorRole.OWNER)
        links = f"{here.root}/setup-links"
        assert (await browser.post(links, days="7")).status == 422
        once = await browser.followed(await browser.post(links, task="domain", days="7", label="For IT"))
        address = once.body.decode().partition("/setup/open?link=")[2].partition('"')[0]
        assert len(address) == 95 and address not in (await browser.get(f"{links}/made")).body.decode()
        (link,) = await links_of(here)
        olga = (await found_operator(operator_desk(here.served.hub), "owner@vendor.example"))[1]
        assert link.created_by == wire(ACCOUNT, olga.id)
        assert (await Browser(here.served.app).get(f"/setup/open?link={address}")).status == 200
        await browser.post(f"{links}/{wire(SETUP_LINK, link.id)}/revoke")
        assert (await Browser(here.served.app).get(f"/setup/open?link={address}")).status == 404
        acts = [one.entry for one in await here.journal(here.owner) if one.entry.type.startswith("setup_link")]
        assert [(one.type, one.actor.kind) for one in acts] == [
            ("setup_link.created", "operator"), ("setup_link.revoked", "operator"),
        ]  # fmt: skip


async def links_of(here: World) -> list[SetupLink]:
    """The customer's links."""
    return list(await SetupLinkStore(here.served.hub.stores.database).links(here.owner.id))


async def test_a_contested_domain_is_seen_and_awarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        rival = (await here.served.place()).directory.organization
        database, now = here.served.hub.stores.database, clock()
        for owner, proved in ((rival, now), (here.owner, None)):
            claim = Domain(owner.id, "acme.example", DomainState.PENDING, "c", now, checked_at=now)
            await database.commit(Change(owner.id, (NewDomain(claim),)))
            contested = replace(claim, state=DomainState.CONTESTED, proved_at=proved, version=2)
            await database.commit(Change(owner.id, (DomainUpdate(claim, contested),)))
        browser = await here.operator(OperatorRole.OWNER)
        problems = await browser.get("/operator/problems")
        assert problems.body.count(b"acme.example") == 2 and b"has it now" in problems.body
        await browser.post(f"{here.root}/domains/acme.example/award")
        assert await here.served.hub.stores.domains.owner("acme.example") == here.owner.id
        assert (await browser.post(f"{here.root}/domains/acme.example/award")).status == 409
        assert b"Contested domains" not in (await browser.get("/operator/problems")).body
        assert (await here.journal(rival))[-1].entry.type == "domain.lost"


async def test_problems_are_counted_and_name_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        await here.served.client(here.place, "hw_scim_wrong").get("/Users")
        await here.served.written()
        browser = await here.operator(OperatorRole.VIEWER)
        page = await browser.get("/operator/problems")
        cells = [one.text for one in browser.soup.select("td.number")]
        assert cells == ["1", "1"] and b"ada" not in page.body.lower()


async def test_a_leaving_that_nobody_confirmed_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        facts: JsonObject = {
            "organization": "org_" + "0" * 32, "event": "evt_" + "1" * 32, "application": "Fieldbook",
            "happened": "2026-01-01T00:00:00.000Z",
        }  # fmt: skip
        told = {"name": "Acme & Sons"}
        late = Entry(EntryId(b"e" * 16), "receipt.late", clock(), Actor("system"), None, facts=facts, personal=told)
        await here.served.hub.stores.database.commit(Change(DEPLOYMENT, (), (late,), late.id))
        browser = await here.operator(OperatorRole.VIEWER)
        page = await browser.get("/operator/problems")
        assert b"Acme &amp; Sons" in page.body and b"Fieldbook" in page.body and b"evt_1111" in page.body


async def test_operators_are_made_and_changed_by_an_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path, monkeypatch) as here:
        browser = await here.operator(OperatorRole.OWNER)
        place = "/operator/operators"
        for fields in ({"email": "sue@vendor.example", "role": "god"}, {"email": "sue", "role": "viewer"}):
            assert (await browser.post(place, name="", **fields)).status == 422
        once = await browser.followed(await browser.post(place, email="sue@vendor.example", name="Sue", role="support"))
        address = once.body.decode().partition("/operator/reset/confirm?link=")[2].partition('"')[0]
        assert len(address) > 80 and address not in (await browser.get(f"{place}/made")).body.decode()
        again = await browser.post(place, email="SUE@vendor.example", name="", role="viewer")
        assert again.status == 422 and b"is an operator already" in again.body
        sue = Browser(here.served.app)
        await sue.get(f"/operator/reset/confirm?link={address}")
        await sue.submit("/operator/reset/confirm", password=PASSWORD)
        assert sue.page.status == 303
        desk = operator_desk(here.served.hub)
        one, account = await found_operator(desk, "sue@vendor.example")
        assert account.realm is Realm.OPERATOR and account.password is not None
        hers = f"{place}/{wire(ACCOUNT, account.id)}"
        await browser.post(hers, act="owner")
        assert (await found_operator(desk, "sue@vendor.example"))[0].role is OperatorRole.OWNER
        await browser.post(hers, act="deactivate")
        assert not (await found_operator(desk, "sue@vendor.example"))[0].may(OperatorRole.VIEWER)
        own = f"{place}/{wire(ACCOUNT, (await found_operator(desk, 'owner@vendor.example'))[1].id)}"
        assert (await browser.post(own, act="deactivate")).status == 409, "the last owner"
        assert (await browser.post(hers, act="dance")).status == 400
        await browser.post(hers, act="reactivate")
        assert b"shown already" not in (await browser.followed(await browser.post(hers, act="link"))).body
        audit = await browser.get("/operator/audit")
        assert b"sue@vendor.example became an operator" in audit.body and b"was deactivated" in audit.body
        assert one.role is OperatorRole.SUPPORT


async def test_on_a_host_of_its_own_the_console_is_there_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "ops.localhost"
    async with deployed(tmp_path, monkeypatch, operator_base_url=f"http://{own}:8000") as served:
        made = await create(operator_desk(served.hub), "olga@vendor.example", "", OperatorRole.OWNER, COMMAND)
        assert made.address.startswith(f"http://{own}:8000/operator/reset/confirm?link=")

        async def status(method: str, path: str, host: str) -> int:
            headers = {"host": f"{host}:8000", "accept": "text/html", "sec-fetch-site": "same-origin"}
            return (await call(served.app, method, path, headers)).status

        for row in EVERY_ROUTE:
            if row.page and row.path not in ("/", "/preferences", "/patterns"):
                path = re.sub(r"\{[^}]*\}", "x", row.path)
                wrong = "hub.localhost" if row.path.startswith("/operator") else own
                assert await status(row.method, path, wrong) == 404, (row.method, row.path)
        assert await status("GET", "/operator/sign-in", own) == 200
        assert await status("GET", "/sign-in", "hub.localhost") == 200
        assert await status("GET", "/", own) == 303
        assert await status("GET", "/healthz", own) == 200
        assert await status("GET", "/sign-in", "other.localhost") == 421
