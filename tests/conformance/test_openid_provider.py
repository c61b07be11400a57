"""The modules of the OpenID Foundation's basic, config and RP-initiated logout plans, by their names.

The suite itself is a server in Java beside a MongoDB and a browser, and its basic plan sends no PKCE, which we demand
of everybody; so what each module asks for is asked here, with a code_challenge. `oidcc_server` is `oidcc-server`.
"""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from hallway.ids import MEMBER, wire
from tests.rooms.opened import OPERATOR
from tests.web.asgi import call
from tests.web.browsing import PASSWORD, Browser
from tests.web.deployment import Deployment, deployed
from tests.web.relying import BACK, FORM, GONE, Company, Relying, answer_of, company, later, relying


@dataclass
class Plan:
    """A provider, one client of it, and one person who is signed in."""

    hub: Deployment
    acme: Company
    app: Relying

    @property
    def browser(self) -> Browser:
        return self.acme.browser

    async def happy(self, **changes: str | None) -> dict[str, Any]:
        """The flow as it is meant to be; the ID token's claims, with what userinfo adds."""
        tokens = await self.app.tokens(self.browser, **changes)
        claims, info = await self.app.claims(tokens["id_token"]), (await self.app.userinfo(tokens["access_token"])).body
        assert (claims["iss"], claims["aud"]) == (self.app.issuer, self.app.client_id)
        assert claims["iat"] <= time() + 1 and claims["exp"] > time() and claims["sub"] == info["sub"]
        return {**claims, "userinfo": info, "tokens": tokens}

    async def signed_in_again(self, **fields: str) -> dict[str, str]:
        """The page on the way is filled in; what comes back to the client."""
        location = self.browser.page.headers["location"]
        assert location.startswith("/sign-in/again?next="), location
        await self.browser.get(location)
        await self.browser.submit("/sign-in/again", password=PASSWORD, **fields)
        return answer_of(await self.browser.get(self.browser.page.headers["location"]))


@asynccontextmanager
async def plan(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Plan]:
    async with deployed(folder, monkeypatch) as hub:
        yield Plan(hub, await company(hub), await relying(hub))


async def test_oidcc_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        claims = await run.happy()
        assert claims["nonce"] == "n1" and claims["tokens"]["token_type"] == "Bearer"
        assert claims["sub"] == wire(MEMBER, run.acme.admin.id) and len(claims["sub"]) <= 255


async def test_oidcc_response_type_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        answer = await run.app.answer(run.browser, response_type=None)
        assert (answer["error"], answer["state"]) == ("invalid_request", "s1")


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
async def test_oidcc_idtoken_signature(algorithm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub, algorithm=algorithm)
        token = (await app.tokens(acme.browser))["id_token"]
        assert await app.claims(token)
        header = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
        assert header["alg"] == algorithm and header["kid"] in {one.kid for one in (await app.keys()).keys}


async def test_oidcc_userinfo_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        assert (await run.happy())["userinfo"]["email"] == "ada@acme.example"


async def test_oidcc_userinfo_post_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        tokens = await run.app.tokens(run.browser)
        assert (await run.app.userinfo(tokens["access_token"], "POST")).body["sub"]


async def test_oidcc_userinfo_post_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        token = (await run.app.tokens(run.browser))["access_token"]
        body, kind = urlencode({"access_token": token}).encode(), {"content-type": FORM}
        answer = await call(run.hub.app, "POST", "/oauth2/userinfo", kind, body)
        assert answer.status == 200 and json.loads(answer.body)["sub"]
        twice = await call(run.hub.app, "POST", "/oauth2/userinfo", {**kind, "authorization": f"Bearer {token}"}, body)
        assert twice.status == 400


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        assert "nonce" not in await run.happy(nonce=None)


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("openid", set()),
        ("openid profile", {"name"}),
        ("openid email", {"email", "email_verified"}),
        ("openid address", set()),
        ("openid phone", set()),
        ("openid profile email address phone", {"name", "email", "email_verified"}),
        ("openid groups", {"groups"}),
    ],
    ids=["openid", "profile", "email", "address", "phone", "all", "groups"],
)
async def test_oidcc_scope(scope: str, wanted: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """oidcc-scope-profile, -email, -address, -phone, -all: what is not offered is left out, and refuses nothing."""
    async with plan(tmp_path, monkeypatch) as run:
        found = (await run.happy(scope=scope))["userinfo"]
        assert found.keys() == {"sub", "org", "role", "connection"} | wanted


async def test_oidcc_ensure_other_scope_order_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        assert (await run.happy(scope="email openid"))["tokens"]["scope"] == "openid email"


async def test_oidcc_display(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """oidcc-display-page, oidcc-display-popup."""
    async with plan(tmp_path, monkeypatch) as run:
        for display in ("page", "popup"):
            assert await run.happy(display=display)


async def test_oidcc_prompt_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        first = await run.happy()
        await run.browser.get(run.app.url(prompt="login"))
        on_the_way = run.browser.page.headers["location"].partition("next=")[2]
        assert on_the_way
        answer = await run.signed_in_again()
        second = await run.app.claims((await run.app.token(answer["code"])).body["id_token"])
        assert second["sub"] == first["sub"] and second["auth_time"] >= first["auth_time"]


async def test_a_page_that_was_asked_for_cannot_be_gone_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        await run.browser.get(run.app.url(prompt="login"))
        again = run.browser.page.headers["location"]
        held = dict(one.partition("=")[::2] for one in again.partition("?")[2].split("&"))["next"]
        around = await run.browser.get(unquote(held))
        assert around.headers["location"].startswith("/sign-in/again?next=")


async def test_oidcc_prompt_none_not_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        answer = await run.app.answer(Browser(run.hub.app), prompt="none")
        assert (answer["error"], answer["state"]) == ("login_required", "s1")


async def test_oidcc_prompt_none_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        first, second = await run.happy(), await run.happy(prompt="none")
        assert (first["sub"], first["auth_time"]) == (second["sub"], second["auth_time"])
        for wrong in ("none login", "nobody", "create", "login create"):
            assert (await run.app.answer(run.browser, prompt=wrong))["error"] == "invalid_request"
        assert await run.happy(prompt="consent"), "first party: nothing is asked"


async def test_oidcc_prompt_select_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        await run.browser.get(run.app.url(prompt="select_account"))
        assert run.browser.page.headers["location"].startswith("/organizations?next=")
        await run.browser.follow()
        assert "Acme" in run.browser.text and "Sign in as somebody else" in run.browser.text
        form = run.browser.hidden("/organizations/open")
        await run.browser.post("/organizations/open", **form)
        assert "code" in answer_of(await run.browser.get(run.browser.page.headers["location"]))


async def test_oidcc_max_age_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        first = await run.happy()
        await later(run.hub, 2)
        assert (await run.app.answer(run.browser, max_age="1", prompt="none"))["error"] == "login_required"
        await run.browser.get(run.app.url(max_age="1"))
        assert run.browser.page.headers["location"].startswith("/sign-in/again?next=")
        for wrong in ("-1", "x", "1.5", "99999999999"):
            assert (await run.app.answer(run.browser, max_age=wrong))["error"] == "invalid_request"
        assert first["auth_time"] <= time()


async def test_oidcc_max_age_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        await run.browser.get(run.app.url(max_age="0"))
        answer = await run.signed_in_again()
        assert "code" in answer


async def test_oidcc_max_age_10000(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        first, second = await run.happy(max_age="10000"), await run.happy(max_age="10000")
        assert first["auth_time"] == second["auth_time"]


async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        assert await run.happy(extra="foobar")


async def test_oidcc_id_token_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        token = (await run.happy())["tokens"]["id_token"]
        assert await run.happy(id_token_hint=token, prompt="none")
        _, other = await run.acme.somebody(run.hub.app, "una@acme.example")
        assert (await run.app.answer(other, id_token_hint=token, prompt="none"))["error"] == "login_required"
        await other.get(run.app.url(id_token_hint=token))
        assert other.page.headers["location"].startswith("/sign-in?as=other&next=")
        await other.follow()
        await other.submit("/sign-in", email="ada@acme.example", password=PASSWORD)
        assert "code" in answer_of(await other.get(other.page.headers["location"]))
        _, third = await run.acme.somebody(run.hub.app, "eve@acme.example")
        await third.get(run.app.url(id_token_hint=token))
        await third.follow()
        await third.submit("/sign-in", email="una@acme.example", password=PASSWORD)
        assert answer_of(await third.get(third.page.headers["location"]))["error"] == "login_required"


async def test_oidcc_login_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        assert await run.happy(login_hint="bob@example.com"), "somebody is signed in"
        stranger = Browser(run.hub.app)
        await stranger.get(run.app.url(login_hint="bob@example.com"))
        await stranger.follow()
        field = stranger.soup.find("input", {"name": "email"})
        assert field is not None and field["value"] == "bob@example.com"


@pytest.mark.parametrize("name", ["ui_locales", "claims_locales", "acr_values", "claims"])
async def test_oidcc_locales_acr_values_and_claims(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """oidcc-ui-locales, oidcc-claims-locales, oidcc-ensure-request-with-acr-values-succeeds, oidcc-claims-essential."""
    async with plan(tmp_path, monkeypatch) as run:
        value = '{"userinfo": {"name": {"essential": true}}}' if name == "claims" else "se"
        assert await run.happy(**{name: value})


@pytest.mark.parametrize("seconds", [0, 30])
async def test_oidcc_codereuse(seconds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """oidcc-codereuse, oidcc-codereuse-30seconds."""
    async with plan(tmp_path, monkeypatch) as run:
        code = await run.app.code(run.browser)
        tokens = (await run.app.token(code)).body
        await later(run.hub, seconds)
        assert (await run.app.token(code)).error == "invalid_grant"
        assert (await run.app.userinfo(tokens["access_token"])).status == 401


async def test_oidcc_ensure_registered_redirect_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        page = await run.browser.get(run.app.url(redirect_uri=BACK + "/x"))
        assert page.status == 400 and "redirect_uri" in run.browser.text


async def test_oidcc_ensure_post_request_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        query = run.app.url().partition("?")[2]
        headers = {"content-type": FORM, "sec-fetch-site": "cross-site", "origin": "https://app.example"}
        answer = await call(run.hub.app, "POST", "/oauth2/authorize", headers, query.encode())
        assert answer.status == 303 and answer.headers["location"].startswith("/oauth2/authorize?continued=")
        assert "code" in answer_of(await run.browser.get(answer.headers["location"]))
        wrong = await call(run.hub.app, "POST", "/oauth2/authorize", headers, b"client_id=x")
        assert wrong.status == 400
        refused = await call(run.hub.app, "POST", "/oauth2/authorize", headers, f"{query}&prompt=x".encode())
        assert refused.status == 200 and b"error=invalid_request" in refused.body, "a page leads on"
        unread = await call(run.hub.app, "POST", "/oauth2/authorize", {"content-type": "text/plain"}, b"x")
        assert unread.status == 400


async def test_oidcc_server_client_secret_post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        code, app = await run.app.code(run.browser), run.app
        assert (await app.token(code, client_id=app.client_id, client_secret=app.made.text)).status == 200


async def test_oidcc_request_uri_unsigned_and_request_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """oidcc-request-uri-unsigned, oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported,
    oidcc-ensure-request-object-with-redirect-uri.
    """
    async with plan(tmp_path, monkeypatch) as run:
        uri = await run.app.answer(run.browser, request_uri="https://app.example/request")
        assert uri["error"] == "request_uri_not_supported"
        token = jwt.encode({"alg": "HS256"}, {"redirect_uri": BACK}, OctKey.generate_key(256))
        assert (await run.app.answer(run.browser, request=token))["error"] == "request_not_supported"


async def test_oidcc_refresh_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        first = await run.happy(scope="openid offline_access", prompt="consent")
        second = (await run.app.refresh(first["tokens"]["refresh_token"])).body
        claims = await run.app.claims(second["id_token"])
        assert all(claims[name] == first[name] for name in ("iss", "sub", "aud", "auth_time"))
        assert second["access_token"] != first["tokens"]["access_token"]
        stranger = await relying(run.hub)
        assert (await stranger.refresh(second["refresh_token"])).error == "invalid_grant"


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        assert await run.happy()


async def test_oidcc_discovery_endpoint_verification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        answer = await call(run.hub.app, "GET", "/.well-known/openid-configuration", {}, b"")
        said = json.loads(answer.body)
        assert answer.headers["content-type"] == "application/json" and said["issuer"] == run.app.issuer
        needed = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint")
        assert all(said[name].startswith(f"{run.app.issuer}/oauth2/") for name in needed)
        assert (
            said["subject_types_supported"] == ["public"] and "RS256" in said["id_token_signing_alg_values_supported"]
        )
        assert said["response_types_supported"] == ["code"] and "openid" in said["scopes_supported"]
        assert (said["claims_parameter_supported"], said["request_parameter_supported"]) == (False, False)
        keys = await run.app.keys()
        assert all("d" not in one.as_dict() and one.kid for one in keys.keys)


async def test_oidcc_rp_initiated_logout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        token = (await run.happy())["tokens"]["id_token"]
        query = urlencode({"id_token_hint": token, "post_logout_redirect_uri": GONE, "state": "s"})
        answer = await run.browser.get(f"/oauth2/logout?{query}")
        assert answer.headers["location"] == f"{GONE}?state=s"
        assert (await run.app.answer(run.browser, prompt="none"))["error"] == "login_required"


async def test_oidcc_rp_initiated_logout_bad_id_token_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plan(tmp_path, monkeypatch) as run:
        token = (await run.happy())["tokens"]["id_token"]
        bad = token[:-20] + "A" * 20
        for query in (
            {"id_token_hint": bad, "post_logout_redirect_uri": GONE},
            {"id_token_hint": token, "post_logout_redirect_uri": GONE + "?foo=bar"},
            {"id_token_hint": token, "post_logout_redirect_uri": "https://app.example/other"},
        ):
            page = await run.browser.get(f"/oauth2/logout?{urlencode(query)}")
            assert page.status == 400 and "location" not in page.headers


async def test_oidcc_rp_initiated_logout_no_params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """…-no-params, -no-post-logout-redirect-uri, -only-state, -no-state, -query-added."""
    async with plan(tmp_path, monkeypatch) as run:
        token = (await run.happy())["tokens"]["id_token"]
        for query in ("", "?state=x", f"?post_logout_redirect_uri={GONE}&client_id={run.app.client_id}"):
            page = await run.browser.get(f"/oauth2/logout{query}")
            assert page.status == 200 and "Sign out?" in run.browser.text
        answer = await run.browser.get(f"/oauth2/logout?id_token_hint={token}")
        assert answer.headers["location"] == "/sign-in"


async def test_oidcc_server_rotate_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was signed before a rotation still verifies; an hour later another key signs."""
    async with plan(tmp_path, monkeypatch) as run:
        before = (await run.happy())["tokens"]["id_token"]
        await run.app.desk.signing.rotate(OPERATOR)
        assert len((await run.app.keys()).keys) == 2 and await run.app.claims(before)
