"""Signing in by the client: who comes back, and who does not."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hallway.client import Application, Identity, SignInRefused, Unreachable, Wish
from tests.client.conftest import Client
from tests.client.hub import REDIRECT_URI, FakeHub


def signed_in(hub: FakeHub, client: Client, wish: Wish | None = None, **changes: str) -> Identity:
    begun = client.do("begin_sign_in", wish)
    found: Identity = client.do("finish_sign_in", begun.attempt, hub.authorized(begun.url, **changes))
    return found


def test_a_sign_in_says_who_it_is_and_where(hub: FakeHub, client: Client) -> None:
    found = signed_in(hub, client)
    assert found.key == (hub.url, "mem_ada")
    assert (found.organization.id, found.organization.external_id, found.role) == ("org_1", "acme", "admin")
    assert (found.name, found.email, found.email_verified) == ("Ada Byron", "ada@acme.example", True)
    assert (found.groups, found.methods, found.session_id, found.connection) == (
        ("Surveyors",), ("pwd",), "session-1", None,
    )  # fmt: skip
    assert found.authenticated_at is not None and found.id_token.count(".") == 2


def test_nothing_that_a_stranger_could_use_is_printed(hub: FakeHub, client: Client) -> None:
    begun = client.do("begin_sign_in")
    shown = repr((begun, signed_in(hub, client), client.application))
    for secret in (begun.attempt.state, begun.attempt.verifier, "hw_client_1", "hw_api_1"):
        assert secret not in shown


def test_what_a_sign_in_asks_for_is_in_the_address(hub: FakeHub, client: Client) -> None:
    wish = Wish(organization="acme", login_hint="ada@acme.example", connection="conn_1", prompt="login", max_age=0)
    asked = parse_qs(urlsplit(client.do("begin_sign_in", wish).url).query)
    wanted = {"organization": "acme", "login_hint": "ada@acme.example", "connection": "conn_1", "prompt": "login"}
    wanted |= {"max_age": "0", "redirect_uri": REDIRECT_URI, "code_challenge_method": "S256"}
    assert {name: asked[name][0] for name in wanted} == wanted
    assert "openid" in asked["scope"][0].split()


def test_addresses_and_keys_are_read_once(hub: FakeHub, client: Client) -> None:
    signed_in(hub, client)
    signed_in(hub, client)
    assert hub.paths().count("GET /oauth2/jwks") == 1
    client.ahead[0] = 3601
    client.do("begin_sign_in")
    assert hub.paths().count("GET /oauth2/jwks") == 2


def test_a_new_key_of_the_hub_is_found_after_a_while(hub: FakeHub, client: Client) -> None:
    signed_in(hub, client)
    hub.kid = "next"
    with pytest.raises(SignInRefused) as refused:
        signed_in(hub, client)
    assert refused.value.code == "unknown_key" and hub.paths().count("GET /oauth2/jwks") == 1
    client.ahead[0] = 31
    assert signed_in(hub, client).subject == "mem_ada"


def test_what_was_read_serves_on_while_the_hub_cannot_be_read(hub: FakeHub, client: Client) -> None:
    client.do("begin_sign_in")
    client.ahead[0] = 3601
    hub.answers["/oauth2/jwks"] = [(502, b"<html>")]
    assert client.do("begin_sign_in").url.startswith(f"{hub.url}/oauth2/authorize?")
    hub.down = True
    assert client.do("begin_sign_in").url.startswith(f"{hub.url}/oauth2/authorize?")


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"nonce": "another"}, "wrong_nonce"),
        ({"aud": "app_2"}, "wrong_audience"),
        ({"iss": "http://hub.localhost:1"}, "wrong_issuer"),
        ({"sub": ""}, "wrong_subject"),
        ({"exp": 1}, "too_late"),
        ({"at_hash": "AAAA"}, "wrong_hash"),
        ({"org": None}, "wrong_shape"),
        ({"role": 7}, "wrong_shape"),
        ({"groups": "Surveyors"}, "wrong_shape"),
    ],
)
def test_a_token_that_says_something_else_refuses(
    hub: FakeHub, client: Client, claims: dict[str, Any], code: str
) -> None:
    hub.claims = claims
    with pytest.raises(SignInRefused) as refused:
        signed_in(hub, client)
    assert refused.value.code == code


def test_an_unsigned_token_refuses(hub: FakeHub, client: Client) -> None:
    hub.header = {"alg": "none"}
    with pytest.raises(SignInRefused) as refused:
        signed_in(hub, client)
    assert refused.value.code == "wrong_algorithm"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": "another"}, "wrong_state"),
        ({"iss": "https://other.example"}, "wrong_issuer"),
        ({"iss": ""}, "wrong_issuer"),
        ({"code": "", "error": "access_denied"}, "access_denied"),
        ({"code": "", "error": "login_required"}, "interaction_required"),
        ({"code": "another"}, "code_refused"),
    ],
)
def test_an_answer_that_is_not_ours_refuses(hub: FakeHub, client: Client, changes: dict[str, str], code: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        signed_in(hub, client, **changes)
    assert refused.value.code == code


def test_a_code_of_another_sign_in_refuses(hub: FakeHub, client: Client) -> None:
    mine, theirs = client.do("begin_sign_in"), client.do("begin_sign_in")
    stolen = dict(hub.authorized(theirs.url)) | {"state": mine.attempt.state}
    with pytest.raises(SignInRefused) as refused:
        client.do("finish_sign_in", mine.attempt, list(stolen.items()))
    assert refused.value.code == "code_refused"


def test_a_fresh_sign_in_has_to_be_fresh(hub: FakeHub, client: Client) -> None:
    hub.claims = {"auth_time": 1_700_000_000}
    assert signed_in(hub, client).authenticated_at == 1_700_000_000_000_000
    with pytest.raises(SignInRefused) as refused:
        signed_in(hub, client, Wish(prompt="login"))
    assert refused.value.code == "not_fresh"


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/oauth2/jwks"])
def test_a_hub_that_says_nothing_useful_is_a_refusal(hub: FakeHub, client: Client, path: str) -> None:
    hub.answers[path] = [(404, b"oops")]
    with pytest.raises(SignInRefused) as refused:
        client.do("begin_sign_in")
    assert refused.value.code == "wrong_status"


def test_without_a_hub_nobody_signs_in(make_client: Callable[..., Client]) -> None:
    client = make_client(hub="http://hub.localhost:9")
    with pytest.raises(Unreachable):
        client.do("begin_sign_in")


def test_signing_out_leads_past_the_hub(hub: FakeHub, client: Client) -> None:
    url = client.do("sign_out_url", "the.id.token", "http://fieldbook.localhost:8200/")
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{hub.url}/oauth2/logout?")
    assert asked["id_token_hint"] == ["the.id.token"]
    assert asked["post_logout_redirect_uri"] == ["http://fieldbook.localhost:8200/"]


def test_where_the_hub_has_no_sign_out_the_browser_goes_back(hub: FakeHub, client: Client) -> None:
    hub.without_logout = True
    assert client.do("sign_out_url", "", "http://fieldbook.localhost:8200/") == "http://fieldbook.localhost:8200/"


def test_a_logout_token_says_whose_sessions_end(hub: FakeHub, client: Client) -> None:
    found = client.do("logged_out", hub.logout_token())
    assert (found.subject, found.session_id, found.token_id) == ("mem_ada", "session-1", "token-1")


def test_a_logout_token_by_a_new_key_is_found_after_a_while(hub: FakeHub, client: Client) -> None:
    client.do("begin_sign_in")
    hub.kid = "next"
    with pytest.raises(SignInRefused):
        client.do("logged_out", hub.logout_token())
    client.ahead[0] = 31
    assert client.do("logged_out", hub.logout_token()).subject == "mem_ada"


def test_an_id_token_is_no_logout_token(hub: FakeHub, client: Client) -> None:
    with pytest.raises(SignInRefused):
        client.do("logged_out", hub.token("a nonce", "an access token"))


@pytest.mark.parametrize(
    "hub_url", ["http://id.example", "https://id.example/", "https://id.example?a=b", "id.example"]
)
def test_a_hub_is_a_base_url_with_tls_or_this_machine(hub_url: str) -> None:
    with pytest.raises(ValueError, match="hub"):
        Application(hub_url, "app_1", "secret", REDIRECT_URI)


@pytest.mark.parametrize("hub_url", ["https://id.example", "http://127.0.0.1:8000", "http://hub.localhost:8000"])
def test_a_hub_may_be_on_this_machine(hub_url: str) -> None:
    assert Application(hub_url, "app_1", "secret", REDIRECT_URI).api_url("/events") == f"{hub_url}/api/v1/events"
