"""The pages of connections and of attempts: what they show, what they change, and what is another organization's."""

from pathlib import Path
from typing import Any

import pytest

from hallway.hub.connections.enforcement import Enforcement, NewEnforcement
from hallway.hub.connections.model import Connection, ConnectionState, KeyState, Match, Protocol, Provider
from hallway.hub.connections.ports import Unreachable
from hallway.hub.connections.service import ConnectionBook, Draft
from hallway.hub.connections.trusted import key_name
from hallway.hub.organizations.model import Plan
from hallway.ids import ATTEMPT, CONNECTION, wire
from hallway.journal.model import Change
from hallway.web.console.connections.guides import GUIDES
from hallway.web.console.connections.routes import ROUTES
from hallway.web.wiring import Reading, connection_desk
from tests.furnished import refused_attempt
from tests.rooms.opened import OPERATOR
from tests.web.asgi import Answer
from tests.web.deployment import Deployment, deployed
from tests.web.federation import certificate, federated, metadata, packed
from tests.web.office import Office, opened_office

URL = "https://idp.example/metadata"


def place(one: Connection, below: str = "") -> str:
    return f"/connections/{wire(CONNECTION, one.id)}{below}"


async def again(hub: Deployment, one: Connection) -> Connection:
    found = await hub.hub.stores.connections.located(one.id)
    assert found is not None
    return found


async def draft(there: Office, provider: Provider = Provider.OKTA, protocol: Protocol = Protocol.SAML) -> Connection:
    book = ConnectionBook(connection_desk(there.hub.hub), OPERATOR)
    return await book.create(there.organization, Draft(f"Acme {provider.value}", protocol, provider))


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What addresses answer."""
    pages: dict[str, bytes] = {}

    async def read(_: Reading, url: str) -> bytes:
        if url not in pages:
            raise Unreachable("No answer came from this address.")
        return pages[url]

    monkeypatch.setattr(Reading, "__call__", read)
    return pages


async def test_a_connection_is_made_and_leads_to_what_is_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        assert "No connection yet" in (await there.get("/settings/sso")).body.decode()
        wrong = await there.post("/connections/new", name="", provider="x")
        assert wrong.status == 422 and b"Enter a name" in wrong.body and b"Choose whose product" in wrong.body
        made = await there.post("/connections/new", name="Acme <SSO>", provider="jumpcloud")
        assert made.status == 303
        page = (await there.get(made.headers["location"])).body.decode()
        assert "Acme &lt;SSO&gt;" in page and "Being set up" in page and "Cannot start yet" in page
        twice = await there.post("/connections/new", name="acme <sso>", provider="okta")
        assert twice.status == 422 and b"has this name" in twice.body
        assert "Acme &lt;SSO&gt;" in (await there.get("/settings/sso")).body.decode()
        by_oidc = await there.post("/connections/new", name="Other", provider="oidc")
        assert "OpenID Connect" in (await there.get(by_oidc.headers["location"])).body.decode()


async def test_a_plan_without_single_sign_on_explains_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub, plan=Plan.FREE)
        for answer in (await there.get("/connections/new"), await there.post("/connections/new", name="x")):
            assert answer.status == 403 and b"not in your plan" in answer.body
        assert b"not in your plan" in (await there.get("/settings/sso")).body


@pytest.mark.parametrize("provider", list(Provider))
async def test_every_provider_is_told_of_us_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        one = await draft(there, provider)
        page = (await there.get(place(one, "/guide"))).body.decode()
        for step in GUIDES[provider].steps:
            for paste in step.pastes:
                assert f">{paste.field}</label>" in page
        assert f"/sso/{one.id.hex()}/acs" in page and f"/sso/{one.id.hex()}/metadata" in page
        assert "undefined" not in page.lower()


async def test_the_box_takes_what_it_recognises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, internet: dict[str, bytes]
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        one = await draft(there)
        for wrong, said in (("", "Paste"), ("hello", "neither"), ("<x/>", "cannot be used"), (URL, "No answer came")):
            answer = await there.post(place(one, "/metadata"), given=wrong)
            assert answer.status == 422 and said in answer.body.decode(), wrong
        lonely = await there.post(place(one, "/metadata"), given=packed(certificate("idp")))
        assert lonely.status == 422 and b"Enter the entity ID" in lonely.body
        assert (await again(hub, one)).version == 1, "what is refused changes nothing"
        both = f"https://idp.example/sso {packed(certificate('idp'))}"
        assert (await there.post(place(one, "/metadata"), given=both, entity_id="JumpCloud")).status == 303
        assert (await again(hub, one)).saml.idp_entity_id == "JumpCloud"
        internet[URL] = metadata("idp")
        taken = await there.post(place(one, "/metadata"), given=URL)
        assert taken.headers["location"] == place(one)
        assert (await again(hub, one)).saml.metadata_url == URL
        page = (await there.get(place(one))).body.decode()
        assert "Turn on" in page and URL in page


async def test_it_is_turned_on_off_made_default_and_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        empty = await draft(there)
        early = await there.post(place(empty, "/enable"))
        assert early.status == 409 and b"Something is missing" in early.body
        assert (await there.post(place(empty, "/test"))).status == 409
        one = (await federated(hub.hub, there.organization, state=ConnectionState.DRAFT)).connection
        assert (await there.post(place(one, "/enable"))).status == 303
        assert (await again(hub, one)).state is ConnectionState.ACTIVE
        await there.post(place(one, "/default"))
        assert ((await again(hub, one)).is_default, (await again(hub, empty)).is_default) == (True, False)
        await there.post(place(one, "/disable"))
        assert (await again(hub, one)).state is ConnectionState.DISABLED
        assert (await there.post(place(one, "/test"))).status == 409
        gone = await there.post(place(one, "/delete"))
        assert gone.headers["location"] == "/settings/sso"
        assert (await there.get(place(one))).status == 404


async def test_a_connection_that_is_enforced_is_not_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        one = (await federated(hub.hub, there.organization)).connection
        rule = Enforcement(there.organization.id, one.id, 1)
        await hub.hub.stores.database.commit(Change(there.organization.id, (NewEnforcement(rule),)))
        kept = await there.post(place(one, "/delete"))
        assert kept.status == 409 and b"enforces this connection" in kept.body
        assert await again(hub, one) == one


async def test_a_test_leads_to_the_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        one = (await federated(hub.hub, there.organization, state=ConnectionState.DRAFT)).connection
        started = await there.post(place(one, "/test"))
        assert started.status == 200 and b"0; url=https://idp.example/sso?SAMLRequest=" in started.body


async def test_domains_say_what_they_are_worth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        one = (await federated(hub.hub, there.organization)).connection
        saved = await there.post(place(one, "/domains"), domains="acme.example, later.example  third.example")
        assert saved.status == 303
        assert (await again(hub, one)).domains == ("acme.example", "later.example", "third.example")
        page = (await there.get(place(one, "/domains"))).body.decode()
        assert page.count("Not claimed: no effect") == 2 and "Proved" in page
        wrong = await there.post(place(one, "/domains"), domains="acme.example, no_domain")
        assert wrong.status == 422 and b"no_domain" in wrong.body
        other = await draft(there)
        assert (
            b"belongs to the connection" in (await there.post(place(other, "/domains"), domains="later.example")).body
        )


async def test_settings_are_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        one = (await federated(hub.hub, there.organization)).connection
        typed = {
            "name": "New", "match": "user_name", "just_in_time": "on", "email": "mail, address", "groups": "g",
            "entity_id": "urn:old", "more_acs_urls": "https://old.example/acs",
        }  # fmt: skip
        assert (await there.post(place(one, "/settings"), **typed)).status == 303
        now = await again(hub, one)
        assert (now.name, now.match, now.just_in_time, now.allow_idp_initiated) == ("New", Match.USER_NAME, True, False)
        assert (now.mapping.email, now.saml.entity_id) == (("mail", "address"), "urn:old")
        page = (await there.get(place(one, "/settings"))).body.decode()
        assert 'value="mail, address"' in page
        for wrong in ({**typed, "name": ""}, {**typed, "match": "x"}, {**typed, "more_acs_urls": "ftp://x"}):
            assert (await there.post(place(one, "/settings"), **wrong)).status == 422
        assert await again(hub, one) == now


async def test_keys_are_shown_approved_rejected_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, internet: dict[str, bytes]
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        one = await draft(there)
        internet[URL] = metadata("idp")
        await there.post(place(one, "/metadata"), given=URL)
        internet[URL] = metadata("next", "third")
        assert (await there.post(place(one, "/refresh"))).status == 303
        page = (await there.get(place(one, "/keys"))).body.decode()
        assert page.count("New: trusted by itself in a day") == 2 and "No longer in the metadata" in page
        assert "Your provider has a new key" in (await there.get(place(one))).body.decode()
        names = {name: key_name(certificate(name)) for name in ("idp", "next", "third")}
        for name, act in (("next", "approve"), ("third", "reject"), ("idp", "remove")):
            assert (await there.post(place(one, f"/keys/{names[name]}/{act}"))).status == 303
        now = await again(hub, one)
        assert [key.state for key in now.saml.keys] == [KeyState.TRUSTED, KeyState.REJECTED]
        assert (await there.post(place(one, "/keys/nothing/approve"))).status == 404
        await there.post(place(one, "/enable"))
        last = await there.post(place(one, f"/keys/{names['next']}/remove"))
        assert last.status == 409 and b"only trusted key" in last.body
        internet.clear()
        failed = await there.post(place(one, "/refresh"))
        assert failed.status == 303 and (await again(hub, one)).saml.metadata_finding


async def test_our_certificate_is_renewed_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        one = await draft(there)
        assert (await there.post(place(one, "/own-key"), step="switch")).status == 409
        assert (await there.post(place(one, "/own-key"), step="x")).status == 409
        for step, count in (("renew", 2), ("switch", 2), ("drop", 1)):
            assert (await there.post(place(one, "/own-key"), step=step)).status == 303
            assert len((await again(hub, one)).saml.certificates) == count
        assert (await again(hub, one)).saml.certificates != one.saml.certificates


async def test_an_openid_provider_is_set_up_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, internet: dict[str, bytes]
) -> None:
    from tests.web.openid import ISSUER, OpenIdProvider

    async with deployed(tmp_path, monkeypatch) as hub:
        there, provider = await opened_office(hub), OpenIdProvider()
        one = await draft(there, Provider.OTHER, Protocol.OIDC)
        assert b"Redirect URI" in (await there.get(place(one, "/guide"))).body
        client = {"issuer": ISSUER, "client_id": "us", "secret": "hush", "authentication": "client_secret_basic"}
        wrong = await there.post(place(one, "/client"), **client)
        assert wrong.status == 422 and b"No answer came" in wrong.body and b"hush" not in wrong.body
        internet[f"{ISSUER}/.well-known/openid-configuration"] = provider.discovery().encode()
        internet[f"{ISSUER}/jwks"] = provider.jwks().encode()
        assert (await there.post(place(one, "/client"), **client)).status == 303
        page = await there.get(place(one, "/metadata"))
        assert b"hush" not in page.body and b'value="us"' in page.body
        assert (await again(hub, one)).is_complete
        assert f"0; url={ISSUER}/auth?".encode() in (await there.post(place(one, "/test"))).body


async def test_attempts_are_found_by_person_connection_and_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        assert b"Nobody has signed in yet" in (await there.get("/connections/attempts")).body
        one = (await federated(hub.hub, there.organization)).connection
        attempt = await refused_attempt(hub.hub, one)
        for query, found in (
            ("", True), ("?q=JO%40x", True), ("?q=nobody", False), ("?day=2001-01-01", False),
            ("?day=2100-01-01", True),
            (f"?connection={wire(CONNECTION, one.id)}", True), ("?connection=conn_" + "0" * 32, False),
            ("?day=x", True),
        ):  # fmt: skip
            answer = await there.get(f"/connections/attempts{query}")
            assert (b"jo@x.example" in answer.body) is found, query
        part = await there.get("/connections/attempts?q=jo", fragment=True)
        assert b"<html" not in part.body and wire(ATTEMPT, attempt).encode() in part.body


async def test_a_refused_attempt_says_which_side_changes_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        one = (await federated(hub.hub, there.organization, provider=Provider.OKTA)).connection
        attempt = await refused_attempt(hub.hub, one)
        page = (await there.get(f"/connections/attempts/{wire(ATTEMPT, attempt)}")).body.decode()
        for said in (
            "The assertion was meant for someone else.", "Change it at the provider",
            "General → SAML Settings → Audience URI (SP Entity ID)", "metadata/ &lt;x&gt;", "wrong_audience",
            f"/sso/{one.id.hex()}/metadata", "Test sign-in", "not kept", "jo@x.example",
        ):  # fmt: skip
            assert said in page, said


async def test_another_organizations_connection_and_attempt_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        there = await opened_office(hub)
        other = await hub.hub.registrar.create("Beta", Plan.ENTERPRISE, None, OPERATOR)
        one = (await federated(hub.hub, other, "beta.example")).connection
        attempt = wire(ATTEMPT, await refused_attempt(hub.hub, one))
        values = {"connection": wire(CONNECTION, one.id), "attempt": attempt, "key": key_name(certificate("idp"))}
        for row in ROUTES:
            if "{" in row.path:
                path = row.path.format(**values)
                answer: Answer = await (there.get(path) if row.method == "GET" else there.post(path))
                assert answer.status == 404, row.path
        assert await again(hub, one) == one
        listed: Any = await there.get("/connections/attempts")
        assert b"jo@x.example" not in listed.body
