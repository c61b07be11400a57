"""Signing in through an OpenID provider, as browsers and providers do it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from hallway.hub.connections.model import ConnectionUpdate
from hallway.hub.connections.openid import PRIVATE_KEY
from hallway.hub.connections.service import with_client_key
from hallway.hub.organizations.inviting import Wish, invite
from hallway.hub.organizations.members import MemberState, Role, Source
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.sign_in.desk import subject_hash
from hallway.hub.sign_in.oidc import subject_of
from hallway.journal.model import Change
from hallway.web.wiring import connection_desk
from tests.rooms.opened import OPERATOR
from tests.web.browsing import Browser
from tests.web.deployment import Deployment, deployed
from tests.web.federation import federated
from tests.web.openid import ISSUER, SECRET, OpenId, fresh_key, openid
from tests.web.test_sso import led_to


@asynccontextmanager
async def acme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> AsyncIterator[tuple[Deployment, Organization, OpenId]]:
    async with deployed(tmp_path, monkeypatch) as hub:
        owner = await hub.hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        await invite(hub.hub.roster, owner, Wish("ada@acme.example", Role.USER), OPERATOR)
        yield hub, owner, await openid(hub.hub, owner, hub.serving, **changes)


async def codes(hub: Deployment, owner: Organization) -> list[str]:
    return [one.code for one in await hub.hub.stores.sign_ins.attempts(owner.id, None, "", None, 20)]


async def test_a_member_signs_in_through_her_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        browser = Browser(hub.app)
        asked = await there.departed(browser, f"{there.path}?next=/settings/members")
        assert asked["code_challenge_method"] == "S256" and asked["scope"].split()[0] == "openid"
        assert asked["redirect_uri"].endswith(f"{there.path}/callback")
        answer = await there.returned(browser)
        await browser.get(answer.headers["location"])
        assert browser.page.headers["location"] == "/settings/members"
        assert (await browser.get("/settings/members")).status == 200
        (member,) = await hub.hub.stores.members.by_email(owner.id, "ada@acme.example")
        assert member.state is MemberState.ACTIVE and member.name == "Ada Byron"
        assert SECRET not in str(there.provider.questions)
        assert await codes(hub, owner) == [""]


async def test_the_same_subject_is_the_same_person_under_another_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, _, there):
        await there.signed_in(Browser(hub.app))
        there.provider.claims = {"email": "ada@elsewhere.example", "email_verified": False}
        assert (await there.signed_in(Browser(hub.app))).status == 303


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"aud": "another"}, "wrong_audience"),
        ({"aud": ["client 1", "b"], "azp": "b"}, "wrong_party"),
        ({"nonce": "x"}, "wrong_nonce"),
        ({"nonce": None}, "wrong_nonce"),
        ({"exp": 1000}, "too_late"),
        ({"sub": ""}, "wrong_subject"),
        ({"email_verified": False}, "email_unverified"),
        ({"email": "eve@evil.example"}, "domain_unproved"),
        ({"email": "nobody@acme.example"}, "nobody_here"),
    ],
)
async def test_what_does_not_fit_signs_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any], code: str
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        browser = Browser(hub.app)
        there.provider.claims = claims
        await there.departed(browser)
        answer = await there.returned(browser)
        if answer.status == 303:
            answer = await browser.get(answer.headers["location"])
        assert answer.status == 403 and "hub_session" not in browser.jar
        assert await codes(hub, owner) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": None}, "wrong_issuer"),
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"code": None, "error": "access_denied"}, "access_denied"),
        ({"state": "0" * 64}, "no_request"),
        ({"state": None}, "no_request"),
    ],
)
async def test_an_answer_is_held_to_its_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], code: str
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        browser = Browser(hub.app)
        await there.departed(browser)
        answer = await there.returned(browser, **changes)
        assert answer.status in (403, 409) and await codes(hub, owner) == [code]
        assert there.provider.forms == [], "the code is shown to nobody"


async def test_a_code_counts_in_its_own_browser_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, _, there):
        browser, thief = Browser(hub.app), Browser(hub.app)
        await there.departed(thief)
        await there.departed(browser)
        assert (await there.returned(thief)).status == 409
        taken = await there.returned(browser)
        assert taken.status == 303
        assert (await there.returned(browser)).status == 409
        assert (await thief.get(taken.headers["location"])).status == 409
        assert (await browser.get(taken.headers["location"])).status == 303


async def test_a_new_key_of_the_provider_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, _, there):
        there.provider.key = fresh_key("two")
        there.provider.published = [there.provider.key]
        assert (await there.signed_in(Browser(hub.app))).status == 303
        assert there.provider.questions.count(f"{ISSUER}/jwks") == 1
        there.provider.key = fresh_key("three")
        browser = Browser(hub.app)
        await there.departed(browser)
        assert (await there.returned(browser)).status == 403
        assert there.provider.questions.count(f"{ISSUER}/jwks") == 1, "strange keys do not make us ask again and again"


async def test_an_address_may_come_from_userinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        there.provider.claims = {"email": None, "email_verified": None}
        there.provider.userinfo = {"sub": "ada-1", "email": "ada@acme.example", "email_verified": "true"}
        assert (await there.signed_in(Browser(hub.app))).status == 303
        there.provider.claims = {"email": None, "email_verified": None, "sub": "other"}
        browser = Browser(hub.app)
        await there.departed(browser)
        assert (await there.returned(browser)).status == 403
        assert (await codes(hub, owner))[0] == "wrong_subject"


async def test_a_provider_that_does_not_answer_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        browser = Browser(hub.app)
        await there.departed(browser)
        there.provider.down = True
        assert (await there.returned(browser)).status == 403
        assert await codes(hub, owner) == ["provider_unreachable"]


async def test_somebody_new_becomes_a_guest_where_the_connection_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch, just_in_time=True) as (hub, owner, there):
        there.provider.claims = {"sub": "new", "email": "new@acme.example"}
        assert (await there.signed_in(Browser(hub.app))).status == 303
        (member,) = await hub.hub.stores.members.by_email(owner.id, "new@acme.example")
        assert (member.role, member.source) == (Role.GUEST, Source.SSO)


async def test_the_provider_ends_a_session_by_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, _, there):
        browser, other = Browser(hub.app), Browser(hub.app)
        there.provider.claims = {"sid": "s1"}
        await there.signed_in(browser)
        there.provider.claims = {"sid": "s2"}
        await there.signed_in(other)
        path, machine = f"{there.path}/backchannel-logout", Browser(hub.app)

        async def sent(token: str) -> int:
            kind = {"content-type": "application/x-www-form-urlencoded"}
            answer = await machine._sent("POST", path, kind, f"logout_token={token}".encode())
            return int(answer.status)

        token = there.provider.logout_token(sid="s1", sub=None)
        assert await sent(token) == 200
        assert (await browser.get("/settings/members")).status == 303
        assert (await other.get("/settings/members")).status == 200
        assert await sent(token) == 400, "a token twice"
        for wrong in (there.provider.id_token(), "x", there.provider.logout_token(aud="another"), ""):
            assert await sent(wrong) == 400
        assert (await other.get("/settings/members")).status == 200
        assert await sent(there.provider.logout_token(sid=None)) == 200
        assert (await other.get("/settings/members")).status == 303


async def by_key(hub: Deployment, there: OpenId) -> ECKey:
    """Let the connection prove itself by a key of its own; the public half, as the provider reads it."""
    was = there.connection
    oidc = with_client_key(connection_desk(hub.hub), was.id, replace(was.oidc, authentication=PRIVATE_KEY))
    now = replace(was, oidc=oidc, sealed=b"", version=was.version + 1)
    await hub.hub.stores.database.commit(Change(was.organization_id, (ConnectionUpdate(was, now),)))
    page = await Browser(hub.app).get(f"{there.path}/jwks")
    assert page.headers["content-type"] == "application/jwk-set+json"
    (jwk,) = json.loads(page.body)["keys"]
    assert set(jwk) == {"kty", "crv", "x", "y", "kid", "use", "alg"}, "no private part"
    key = ECKey.import_key(jwk)
    assert key.thumbprint() == jwk["kid"]
    return key


async def test_a_connection_proves_itself_by_its_own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        key = await by_key(hub, there)
        seen = set()
        for _ in range(2):
            assert (await there.signed_in(Browser(hub.app))).status == 303
            form = there.provider.forms[-1]
            assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
            assert "client_secret" not in form
            token = jwt.decode(form["client_assertion"][0], key, algorithms=["ES256"])
            assert token.header["kid"] == key.thumbprint()
            claims = token.claims
            assert (claims["iss"], claims["sub"], claims["aud"]) == ("client 1", "client 1", ISSUER)
            assert 0 < claims["exp"] - claims["iat"] <= 60
            seen.add(claims["jti"])
        assert len(seen) == 2, "each counts once"
        assert await codes(hub, owner) == ["", ""]
        saml = await federated(hub.hub, owner, "saml.example", name="Another")
        assert (await Browser(hub.app).get(f"{saml.path}/jwks")).status == 404


async def test_signing_out_here_tells_the_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        browser = Browser(hub.app)
        await there.signed_in(browser)
        kept = await hub.hub.stores.sign_ins.sso_sessions(
            owner.id, there.connection.id, subject_hash(there.connection.id, subject_of(ISSUER, "ada-1"))
        )
        assert "hint" in kept[0].name_id and "eyJ" not in str(kept[0].name_id), "sealed"
        await browser.post("/sign-out")
        told = urlsplit(led_to(browser))
        fields = parse_qs(told.query)
        assert f"{told.scheme}://{told.netloc}{told.path}" == f"{ISSUER}/end"
        assert set(fields) == {"id_token_hint", "client_id"}, "it does not know where to send her back"
        claims = jwt.decode(fields["id_token_hint"][0], there.provider.key, algorithms=["ES256"]).claims
        assert claims["sub"] == "ada-1" and "hub_session" not in browser.jar


async def test_who_comes_back_from_signing_out_there_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, _, there):
        was = there.connection
        now = replace(was, oidc=replace(was.oidc, returns_here=True), version=was.version + 1)
        await hub.hub.stores.database.commit(Change(was.organization_id, (ConnectionUpdate(was, now),)))
        browser = Browser(hub.app)
        await there.signed_in(browser)
        await browser.post("/sign-out")
        fields = parse_qs(urlsplit(led_to(browser)).query)
        back, state = fields["post_logout_redirect_uri"][0], fields["state"][0]
        assert back.endswith(f"{there.path}/logout")
        assert (await there.returned(browser, state=state)).status == 409, "no sign-in waits under that name"
        for _ in range(2):
            answer = await browser.get(f"{there.path}/logout?state={state}")
            assert (answer.status, answer.headers["location"]) == (303, "/sign-in")
            said = (await browser.get("/sign-in")).body
            assert (b"You are signed out" in said) == (_ == 0)
        assert (await browser.get(f"{there.path}/logout?state=x")).headers["location"] == "/sign-in"
        form = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"}
        assert (await browser._sent("POST", f"{there.path}/logout", form, b"state=x")).status == 400


async def test_a_provider_without_that_address_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme(tmp_path, monkeypatch) as (hub, owner, there):
        there.provider.says = {"end_session_endpoint": None}
        was = there.connection
        oidc = replace(was.oidc, discovery=there.provider.discovery().replace('"end_session_endpoint": null, ', ""))
        now = replace(was, oidc=oidc, version=was.version + 1)
        await hub.hub.stores.database.commit(Change(was.organization_id, (ConnectionUpdate(was, now),)))
        browser = Browser(hub.app)
        await there.signed_in(browser)
        subject = subject_hash(there.connection.id, subject_of(ISSUER, "ada-1"))
        (kept,) = await hub.hub.stores.sign_ins.sso_sessions(owner.id, there.connection.id, subject)
        assert kept.name_id == {}
        assert (await browser.post("/sign-out")).headers["location"] == "/sign-in"
