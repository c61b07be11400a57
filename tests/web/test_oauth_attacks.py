"""What others try at the provider: the attacks that are known, one by one."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from hallway.hub.applications.model import Addresses, ApplicationState, Kind
from hallway.hub.applications.service import set_state
from hallway.ids import CONNECTION, ORGANIZATION, wire
from tests.rooms.opened import OPERATOR
from tests.web.asgi import call
from tests.web.browsing import Browser
from tests.web.deployment import Deployment, deployed
from tests.web.openid import openid
from tests.web.relying import BACK, VERIFIER, Relying, answer_of, assertion, challenge, company, later, relying

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def shown(deployment: Deployment, path: str) -> str:
    """The page that a request without a checked address ends at; nobody is sent anywhere."""
    answer = await call(deployment.app, "GET", path, {"accept": "text/html"}, b"")
    assert answer.status == 400 and "location" not in answer.headers, answer.headers
    return answer.body.decode()


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example/callback/", "https://app.example/Callback", "https://app.example/callback?x=1",
        "https://app.example/callback#x", "https://app.example/callback/../callback", "https://app.example/%63allback",
        "http://app.example/callback", "https://app.example:443/callback", "https://app.example.evil.example/callback",
        "https://evil.example/callback", "https://app.example@evil.example/callback", "//app.example/callback",
        "javascript:alert(1)", "https://*.example/callback", "", " https://app.example/callback",
    ],
)  # fmt: skip
async def test_an_address_that_is_not_registered_to_the_letter_is_sent_nothing(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app = await relying(hub)
        assert "redirect_uri" in await shown(hub, app.url(redirect_uri=address))


async def test_an_address_that_stands_there_twice_is_sent_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app = await relying(hub)
        await shown(hub, app.url() + "&redirect_uri=https%3A%2F%2Fevil.example")
        await shown(hub, app.url() + "&client_id=app_0")
        await shown(hub, app.url(client_id=None))
        await shown(hub, app.url(redirect_uri=None))


async def test_an_unknown_or_disabled_client_is_sent_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app, machine = await relying(hub), await relying(hub, Kind.MACHINE, scopes=("events:read",))
        for client_id in ("app_" + "0" * 32, "x", machine.client_id, app.client_id.upper()):
            assert "no such client" in await shown(hub, app.url(client_id=client_id))
        await set_state(app.desk, app.made.application, ApplicationState.DISABLED, OPERATOR)
        await shown(hub, app.url())


async def test_a_native_clients_port_is_its_own_only_on_loopback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        own = Addresses(("http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb", BACK))
        native = await relying(hub, Kind.PUBLIC, addresses=own)
        for good in ("http://127.0.0.1:51004/cb", "http://[::1]:7/cb", "com.example.app:/cb"):
            answer = await call(hub.app, "GET", native.url(redirect_uri=good, prompt="none"), {}, b"")
            assert answer.status == 303 and answer.headers["location"].startswith(f"{good}?error=login_required")
        for bad in ("http://127.0.0.1:51004/cb2", "http://localhost:51004/cb", "http://127.0.0.1:x/cb", BACK + ":1"):
            await shown(hub, native.url(redirect_uri=bad))
        web = await relying(hub, addresses=Addresses(("http://127.0.0.1/cb",)))
        await shown(hub, web.url(redirect_uri="http://127.0.0.1:51004/cb"))


async def test_a_code_has_256_random_bits_and_lives_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        codes = {await app.code(acme.browser) for _ in range(5)}
        assert len(codes) == 5 and all(len(one) == len("hw_code_") + 86 for one in codes)
        late = await app.code(acme.browser)
        await later(hub, 61)
        assert (await app.token(late)).error == "invalid_grant"


async def test_a_code_counts_once_and_its_second_use_ends_what_it_gave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        code = await app.code(acme.browser)
        first = (await app.token(code)).body
        assert (await app.userinfo(first["access_token"])).status == 200
        assert (await app.token(code)).error == "invalid_grant"
        assert (await app.userinfo(first["access_token"])).error == "invalid_token"
        assert (await app.refresh(first["refresh_token"])).error == "invalid_grant"
        written = await hub.hub.stores.journal.after(acme.organization.id, 0, 100)
        assert [one.entry.facts["reason"] for one in written if one.entry.type == "grant.ended"] == ["code_reused"]
        assert (await app.token(code)).error == "invalid_grant"


async def test_a_code_is_bound_to_its_client_address_and_verifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app, other = await company(hub), await relying(hub), await relying(hub)
        code = await app.code(acme.browser)
        assert (await other.token(code)).error == "invalid_grant"
        assert (await app.token(code, redirect_uri="https://app.example/other")).error == "invalid_grant"
        assert (await app.token(code, redirect_uri=None)).error == "invalid_request"
        for verifier in ("w" * 43, challenge(), "v" * 42, "v" * 129, "v" * 42 + "!"):
            assert (await app.token(code, code_verifier=verifier)).error == "invalid_grant"
        assert (await app.token(code[:-1] + ("A" if code[-1] != "A" else "B"))).error == "invalid_grant"
        assert (await app.token("x")).error == "invalid_grant"
        assert (await app.token(code)).status == 200, "nothing of that used it up"


async def test_pkce_cannot_be_left_out_or_made_weaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        for changes in (
            {"code_challenge": None}, {"code_challenge": None, "code_challenge_method": None},
            {"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"code_challenge": "v" * 42},
            {"code_challenge": VERIFIER + "v"},
        ):  # fmt: skip
            assert (await app.answer(acme.browser, **changes))["error"] == "invalid_request"
        code = await app.code(acme.browser)
        assert (await app.token(code, code_verifier=None)).error == "invalid_grant"


@pytest.mark.parametrize("kind", ["token", "id_token", "code token", "code id_token", "none", "code code"])
async def test_no_token_comes_by_an_address(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        answer = await app.answer(acme.browser, response_type=kind)
        assert answer["error"] == "unsupported_response_type" and answer["iss"] == app.issuer
        assert (await app.answer(acme.browser, response_mode="fragment"))["error"] == "invalid_request"


async def test_no_password_is_taken_for_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app = await relying(hub)
        said = await app.post("/oauth2/token", grant_type="password", username="ada@acme.example", password="x")
        assert said.error == "unsupported_grant_type"
        assert (await app.post("/oauth2/token", code="x")).error == "invalid_request"


async def test_request_objects_are_neither_read_nor_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        unsigned = jwt.encode({"alg": "HS256"}, {"redirect_uri": "https://evil.example"}, OctKey.generate_key(256))
        assert (await app.answer(acme.browser, request=unsigned))["error"] == "request_not_supported"
        found = await app.answer(acme.browser, request_uri="http://169.254.169.254/latest")
        assert found["error"] == "request_uri_not_supported"
        assert (await app.answer(acme.browser, registration="{}"))["error"] == "registration_not_supported"


async def test_an_old_refresh_token_ends_the_grant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        first = await app.tokens(acme.browser)
        second = (await app.refresh(first["refresh_token"])).body
        await later(hub, 11)
        assert (await app.refresh(first["refresh_token"])).error == "invalid_grant"
        assert (await app.refresh(second["refresh_token"])).error == "invalid_grant", "the thief's, or the victim's"
        assert (await app.userinfo(second["access_token"])).error == "invalid_token"


async def test_a_client_that_lost_the_answer_may_ask_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        first = await app.tokens(acme.browser)
        lost = (await app.refresh(first["refresh_token"])).body
        again = await app.refresh(first["refresh_token"])
        assert again.status == 200 and again.body["refresh_token"] != lost["refresh_token"]
        assert (await app.refresh(again.body["refresh_token"])).status == 200
        await later(hub, 11)
        assert (await app.refresh(lost["refresh_token"])).error == "invalid_grant", "the lost one turned up after all"


async def test_a_refresh_token_is_bound_to_its_client_and_scopes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app, other = await company(hub), await relying(hub), await relying(hub)
        tokens = await app.tokens(acme.browser, scope="openid email")
        assert (await other.refresh(tokens["refresh_token"])).error == "invalid_grant"
        assert (await app.refresh(tokens["refresh_token"], scope="openid groups")).error == "invalid_scope"
        assert (await app.refresh("hw_refresh_x")).error == "invalid_grant"
        narrow = (await app.refresh(tokens["refresh_token"], scope="email")).body
        assert narrow["scope"] == "email" and "id_token" not in narrow
        assert (await app.userinfo(narrow["access_token"])).error == "insufficient_scope"
        whole = (await app.refresh(narrow["refresh_token"])).body
        assert whole["scope"] == "openid email", "narrowing one token narrows no grant"


async def test_a_forged_refresh_token_of_another_client_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app, other = await company(hub), await relying(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        forged = tokens["refresh_token"][:-4] + "AAAA"
        assert (await other.refresh(forged)).error == "invalid_grant"
        assert (await app.userinfo(tokens["access_token"])).status == 200
        assert (await app.refresh(forged)).error == "invalid_grant"
        assert (await app.userinfo(tokens["access_token"])).error == "invalid_token", "only its own client ends it"


async def test_a_client_that_does_not_prove_itself_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app, other = await company(hub), await relying(hub), await relying(hub)
        code = await app.code(acme.browser)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        for proof in (
            {"client_id": app.client_id}, {"client_id": app.client_id, "client_secret": "x"},
            {"client_id": app.client_id, "client_secret": other.made.text},
            {"client_id": app.client_id, "client_secret": app.made.text[:-1]},
            {"client_id": "app_" + "0" * 32, "client_secret": app.made.text}, {"client_id": ""},
        ):  # fmt: skip
            said = await app.post("/oauth2/token", **form, **proof)
            assert (said.status, said.error) == (401, "invalid_client"), proof
        assert (await app.token(code)).status == 200
        wrong = {"authorization": "Basic !!!", "content-type": "application/x-www-form-urlencoded"}
        said = await call(hub.app, "POST", "/oauth2/token", wrong, b"grant_type=client_credentials")
        assert said.status == 401 and said.headers["www-authenticate"].startswith("Basic")


async def test_one_way_of_proof_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app = await relying(hub)
        said = await app.post("/oauth2/token", grant_type="client_credentials", client_secret=app.made.text)
        assert said.error == "invalid_request"


async def _with_key(hub: Deployment) -> tuple[Relying, ECKey]:
    key = ECKey.generate_key("P-256", {"kid": "own", "alg": "ES256", "use": "sig"})
    jwks = json.dumps({"keys": [key.as_dict(private=False)]})
    app = await relying(hub, jwks=jwks)
    assert app.made.secret is None and app.made.text == ""
    return app, key


async def test_an_assertion_is_for_us_alone_and_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, (app, key) = await company(hub), await _with_key(hub)
        stranger = ECKey.generate_key("P-256", {"kid": "own"})
        now = int(time.time())

        async def proved(token: str, **more: str) -> Any:
            proof = {"client_assertion": token, "client_assertion_type": ASSERTION_TYPE, **more}
            return await app.token(code, **proof)

        code = await app.code(acme.browser)
        for changes in (
            {"aud": f"{app.issuer}/oauth2/token"}, {"aud": [app.issuer]}, {"aud": [app.issuer, "https://evil.example"]},
            {"aud": None}, {"sub": "app_" + "0" * 32}, {"iss": "x"}, {"exp": None}, {"exp": now - 100},
            {"exp": now + 4000}, {"nbf": now + 500}, {"iat": now + 500}, {"jti": None}, {"jti": "j" * 2000},
        ):  # fmt: skip
            said = await proved(assertion(app, key, **changes))
            assert (said.status, said.error) == (401, "invalid_client"), changes
        assert (await proved(assertion(app, stranger))).error == "invalid_client"
        assert (await proved("x.y.z", client_id=app.client_id)).error == "invalid_client"
        assert (await proved("x")).error == "invalid_client"
        assert (await app.token(code, client_id=app.client_id)).error == "invalid_client", "a key is never optional"
        token = assertion(app, key)
        assert (await proved(token)).status == 200
        code = await app.code(acme.browser)
        assert (await proved(token)).error == "invalid_client", "the same assertion once more"
        assert (await proved(assertion(app, key), client_id=app.client_id)).status == 200


async def test_a_page_of_ours_cannot_be_framed_and_asks_for_no_consent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        page = await call(hub.app, "GET", app.url(client_id="x"), {"accept": "text/html"}, b"")
        assert page.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        posting = await acme.browser.get(app.url(response_mode="form_post"))
        assert posting.status == 200 and "form-action https:" in posting.headers["content-security-policy"]
        assert posting.headers["cache-control"] == "no-store"
        assert acme.browser.hidden(BACK).keys() == {"code", "state", "iss"}


async def test_a_login_hint_is_text_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app, browser = await relying(hub), Browser(hub.app)
        await browser.get(app.url(login_hint='"><script>alert(1)</script>@x.example'))
        page = await browser.follow()
        assert page.status == 200 and b"<script>alert" not in page.body
        assert (await app.answer(browser, login_hint="a\nb"))["error"] == "invalid_request"
        assert (await app.answer(browser, login_hint="a" * 255))["error"] == "invalid_request"


async def test_what_is_held_is_sealed_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app, browser = await relying(hub), Browser(hub.app)
        away = await browser.get(app.url())
        held = dict(parse_qsl(away.headers["location"].partition("?")[2]))["next"]
        assert BACK not in held
        assert "took too long" in await shown(hub, held[:-40] + "x" * 40)
        hub.later(3601)
        assert "took too long" in await shown(hub, held)
        assert (await app.answer(browser, state="s" * 1024, nonce="n" * 512, organization="o" * 300,
                                 login_hint="l" * 254, connection=None))["error"] == "invalid_request"  # fmt: skip


async def test_an_access_token_is_no_id_token_and_the_other_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        assert (await app.userinfo(tokens["id_token"])).error == "invalid_token"
        assert (await app.userinfo(tokens["refresh_token"])).error == "invalid_token"
        answer = await app.answer(acme.browser, id_token_hint=tokens["access_token"])
        assert answer["error"] == "invalid_request"
        forged = jwt.encode(
            {"alg": "ES256", "typ": "at+jwt", "kid": "x"}, await app.claims(tokens["access_token"], "at+jwt"),
            ECKey.generate_key("P-256"),
        )  # fmt: skip
        assert (await app.userinfo(forged)).error == "invalid_token"


async def test_a_hint_of_another_application_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app, other = await company(hub), await relying(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        assert (await other.answer(acme.browser, id_token_hint=tokens["id_token"]))["error"] == "invalid_request"
        assert "code" in await app.answer(acme.browser, id_token_hint=tokens["id_token"])


async def test_an_organization_that_is_not_hers_looks_like_one_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, beta, app = await company(hub), await company(hub, "Beta", "beta-1"), await relying(hub)
        pages = []
        for asked in (wire(ORGANIZATION, beta.organization.id), "beta-1", "no-such", "org_" + "0" * 32):
            page = await acme.browser.get(app.url(organization=asked))
            assert page.status == 403 and "no access" in acme.browser.text
            pages.append(acme.browser.text)
            silent = await app.answer(acme.browser, organization=asked, prompt="none")
            assert silent["error"] == "interaction_required"
        assert len(set(pages)) == 1 and "Beta" not in pages[0]


async def test_a_connection_of_another_organization_looks_like_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, beta, app = await company(hub), await company(hub, "Beta"), await relying(hub)
        there = await openid(hub.hub, beta.organization, hub.serving)
        own = wire(ORGANIZATION, acme.organization.id)
        foreign = wire(CONNECTION, there.connection.id)
        for asked in (foreign, "conn_" + "0" * 32, "x"):
            answer = await app.answer(acme.browser, organization=own, connection=asked)
            assert answer["error"] == "invalid_request" and "no such connection" in answer["error_description"]


async def test_a_machine_signs_nobody_in_and_a_person_is_no_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        machine = await relying(hub, Kind.MACHINE, scopes=("organizations:read", "events:read"))
        said = await app.post("/oauth2/token", grant_type="client_credentials")
        assert said.error == "unauthorized_client"
        code = await app.code(acme.browser)
        assert (await machine.token(code)).error == "unauthorized_client"
        wide = await machine.post("/oauth2/token", grant_type="client_credentials", scope="organizations:write")
        assert wide.error == "invalid_scope"
        token = (await machine.post("/oauth2/token", grant_type="client_credentials", scope="events:read")).body
        assert token.keys() == {"access_token", "token_type", "expires_in", "scope"}
        assert (await machine.userinfo(token["access_token"])).error == "invalid_token"
        whole = (await machine.post("/oauth2/token", grant_type="client_credentials")).body
        person = await app.tokens(acme.browser)
        for given, status in ((whole, 200), (token, 403), (person, 401)):
            headers = {"authorization": f"Bearer {given['access_token']}"}
            assert (await call(hub.app, "GET", "/api/v1/organizations", headers, b"")).status == status
        await set_state(machine.desk, machine.made.application, ApplicationState.DISABLED, OPERATOR)
        headers = {"authorization": f"Bearer {whole['access_token']}"}
        assert (await call(hub.app, "GET", "/api/v1/organizations", headers, b"")).status == 401


async def test_guessing_secrets_is_slowed_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        app = await relying(hub)
        for _ in range(60):
            said = await app.post(
                "/oauth2/token", grant_type="refresh_token", client_id=app.client_id, client_secret="x"
            )
            assert said.status == 401
        said = await app.post("/oauth2/token", grant_type="refresh_token", client_id=app.client_id, client_secret="x")
        assert said.status == 429 and int(said.answer.headers["retry-after"]) > 0


async def test_where_people_go_after_signing_out_is_registered_to_the_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        for query in (
            f"id_token_hint={tokens['id_token']}&post_logout_redirect_uri=https://evil.example",
            f"client_id={app.client_id}&post_logout_redirect_uri={BACK}",
            "post_logout_redirect_uri=https://app.example/signed-out",
            f"id_token_hint={tokens['access_token']}",
            f"id_token_hint={tokens['id_token']}&client_id=app_{'0' * 32}",
        ):
            await shown(hub, f"/oauth2/logout?{query}")
        assert (await app.userinfo(tokens["access_token"])).status == 200, "nobody was signed out by any of them"


async def test_who_reads_the_access_token_cannot_use_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token in an address is in logs and histories: it is not looked at (RFC 6750 §2.3)."""
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        tokens = await app.tokens(acme.browser)
        answer = await call(hub.app, "GET", f"/oauth2/userinfo?access_token={tokens['access_token']}", {}, b"")
        assert answer.status == 401 and answer.headers["www-authenticate"] == 'Bearer realm="Hallway"'


async def test_an_answer_names_who_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a code of ours is not taken to an attacker's token endpoint (RFC 9207)."""
    async with deployed(tmp_path, monkeypatch) as hub:
        acme, app = await company(hub), await relying(hub)
        assert (await app.answer(acme.browser))["iss"] == app.issuer
        refused = answer_of(await acme.browser.get(app.url(scope="email")))
        assert (refused["iss"], refused["error"]) == (app.issuer, "invalid_scope")
