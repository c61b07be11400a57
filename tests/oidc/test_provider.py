"""Requests of applications as the provider judges them, and the tokens that it makes; nothing of it needs a server."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hallway.oidc.authorization import code_challenge
from hallway.oidc.client_authentication import (
    ASSERTION_TYPE,
    Presented,
    judged_assertion,
    presented,
    unverified_subject,
)
from hallway.oidc.id_token import Expectation, judged
from hallway.oidc.issuer import Issuer
from hallway.oidc.issuing import (
    ACCESS_TOKEN,
    ID_TOKEN,
    MOST_GROUPS,
    Authentication,
    Envelope,
    Person,
    SigningKey,
    access_token,
    claims_of,
    half_hash,
    id_token,
    logout_token,
    own_access_token,
    own_claims,
    signed,
)
from hallway.oidc.jose import KeySet, Trust, published_keys
from hallway.oidc.logout import LogoutExpectation, logout
from hallway.oidc.oauth_problem import ERRORS, OAuthProblem, ReturnTo, shown, single
from hallway.oidc.problem import OidcProblem
from hallway.oidc.provider import Client, answer_url, answered, asked, client_of, is_registered
from hallway.oidc.publishing import configuration, key_set
from hallway.oidc.token_request import (
    Bound,
    CodeExchange,
    MachineAccess,
    Refreshing,
    judge_exchange,
    narrowed,
    token_request,
)

ISSUER = "https://hub.example"
BACK = "https://app.example/callback"
CLIENT = Client("app_1", (BACK, "https://app.example/other?kept=1"))
NATIVE = Client("app_2", ("http://127.0.0.1/cb", "http://[::1]:80/cb?a=b", "com.example:/cb"), native=True)
VERIFIER = "v" * 43
GOOD = {
    "client_id": "app_1", "redirect_uri": BACK, "response_type": "code", "scope": "openid email x offline_access",
    "state": "s", "nonce": "n", "code_challenge": code_challenge(VERIFIER), "code_challenge_method": "S256",
}  # fmt: skip
NOW = 1_700_000_000_000_000


def pairs(**changes: str | None) -> list[tuple[str, str]]:
    return [(name, value) for name, value in {**GOOD, **changes}.items() if value is not None]


def refusal(given_pairs: list[tuple[str, str]], client: Client = CLIENT) -> OAuthProblem:
    with pytest.raises(OAuthProblem) as raised:
        asked(given_pairs, client)
    return raised.value


def test_a_request_says_what_is_asked() -> None:
    found = asked(pairs(prompt="login consent", max_age="60", login_hint="a@b", organization="acme", connection="conn",
                        id_token_hint="t", response_mode="form_post", unknown="x"), CLIENT)  # fmt: skip
    assert found.back == ReturnTo(BACK, "form_post", "s")
    assert found.scopes == ("openid", "email", "offline_access")
    assert (found.prompts, found.max_age, found.silent) == (frozenset({"login", "consent"}), 60, False)
    assert (found.login_hint, found.organization, found.connection, found.unverified_hint) == (
        "a@b",
        "acme",
        "conn",
        "t",
    )
    assert asked(pairs(prompt="none"), CLIENT).silent and client_of(pairs()) == "app_1"
    assert asked(pairs(state=None, nonce=""), CLIENT).back.state is None


@pytest.mark.parametrize("changes", [{"redirect_uri": None}, {"redirect_uri": ""}, {"redirect_uri": BACK + "/"}])
def test_without_a_checked_address_nothing_is_delivered(changes: Mapping[str, str | None]) -> None:
    assert refusal(pairs(**changes)).deliver_to is None


def test_a_client_that_stands_there_twice_is_none() -> None:
    for wrong in ([*pairs(), ("client_id", "app_2")], pairs(client_id=None)):
        with pytest.raises(OAuthProblem) as raised:
            client_of(wrong)
        assert raised.value.deliver_to is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"request": "x"}, "request_not_supported"), ({"request_uri": "x"}, "request_uri_not_supported"),
        ({"registration": "x"}, "registration_not_supported"), ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"), ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"), ({"scope": "email"}, "invalid_scope"),
        ({"nonce": "n" * 513}, "invalid_request"), ({"login_hint": "a\x07"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"), ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "+" * 43}, "invalid_request"), ({"prompt": "create"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"), ({"max_age": "1e3"}, "invalid_request"),
    ],
)  # fmt: skip
def test_what_is_refused_goes_back_to_the_client(changes: Mapping[str, str | None], error: str) -> None:
    problem = refusal(pairs(**changes))
    assert (problem.error, problem.deliver_to) == (error, ReturnTo(BACK, "query", "s"))
    assert problem.error in ERRORS and str(problem).startswith(error)


def test_a_refusal_repeats_no_state_that_cannot_be() -> None:
    assert refusal([*pairs(), ("state", "t")]).deliver_to == ReturnTo(BACK)
    assert refusal(pairs(state="s" * 1025)).deliver_to == ReturnTo(BACK)
    twice = refusal([*pairs(), ("response_mode", "query"), ("response_mode", "form_post")])
    assert twice.deliver_to == ReturnTo(BACK, "query", "s") and "twice" in twice.description


@given(st.text(max_size=80))
def test_any_address_is_a_registered_one_or_gets_nothing(text: str) -> None:
    assert is_registered(text, CLIENT) == (text in CLIENT.redirect_uris)
    if is_registered(text, NATIVE):
        assert text.startswith(("http://127.0.0.1", "http://[::1]", "com.example:/cb"))


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("http://127.0.0.1:1234/cb", True), ("http://[::1]:9/cb?a=b", True), ("com.example:/cb", True),
        ("http://127.0.0.1:x/cb", False), ("http://127.0.0.1:1/cb#", False), ("http://u@127.0.0.1:1/cb", False),
        ("http://127.0.0.1:1/CB", False), ("https://127.0.0.1:1/cb", False), ("http://[::1/cb", False),
        ("com.example:/cb2", False), ("http://127.0.0.2:1/cb", False), ("http://[::1]:9/cb", False),
    ],
)  # fmt: skip
def test_a_native_client_chooses_its_port_on_loopback(address: str, good: bool) -> None:
    assert is_registered(address, NATIVE) is good
    assert not is_registered(address, Client("x", NATIVE.redirect_uris[:2]))


def test_an_answer_keeps_what_the_address_has() -> None:
    back = ReturnTo("https://app.example/other?kept=1", "query", "a b")
    told = answered(back, ISSUER, code="c")
    assert told == {"code": "c", "state": "a b", "iss": ISSUER}
    assert answer_url(back, told) == "https://app.example/other?kept=1&code=c&state=a+b&iss=https%3A%2F%2Fhub.example"
    assert answered(ReturnTo(BACK), ISSUER) == {"iss": ISSUER}


def test_a_code_that_is_not_in_the_docs_cannot_be_raised() -> None:
    with pytest.raises(ValueError, match="no such code"):
        OAuthProblem("nonsense", "x")
    assert shown('a"\\é\n' + "b" * 99) == "a????" + "b" * 55
    assert single([("a", "1"), ("b", "")]) == {"a": "1"}
    with pytest.raises(OAuthProblem, match="stands twice"):
        single([("a", ""), ("a", "1")])


# Clients


def basic(client_id: str, secret: str) -> str:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()
    return "Basic " + base64.b64encode(pair).decode()


def test_a_client_shows_one_proof() -> None:
    assert presented(basic("a:b", "s c%"), {}) == Presented("a:b", "client_secret_basic", "s c%")
    assert presented(basic("a", "s"), {"client_id": "a"}).client_id == "a"
    post = {"client_id": "a", "client_secret": "s"}
    assert presented("", post) == Presented("a", "client_secret_post", "s")
    assert presented("Bearer x", {"client_id": "a"}) == Presented("a", "none")
    token = signed(key(), "JWT", {"sub": "app_1"})
    own = {"client_assertion": token, "client_assertion_type": ASSERTION_TYPE}
    assert presented("", own) == Presented("app_1", "private_key_jwt", assertion=token)
    assert presented("", {**own, "client_id": "x"}).client_id == "x"
    assert "s c%" not in repr(presented(basic("a", "s c%"), {}))


@pytest.mark.parametrize(
    ("header", "form", "error"),
    [
        (basic("a", "s"), {"client_secret": "s"}, "invalid_request"),
        (basic("a", "s"), {"client_id": "b"}, "invalid_request"),
        (basic("a", "s"), {"client_assertion": "x"}, "invalid_request"),
        ("Basic !", {}, "invalid_client"), ("Basic " + base64.b64encode(b"\xff:x").decode(), {}, "invalid_client"),
        ("Basic " + base64.b64encode(b"a").decode(), {}, "invalid_client"),
        ("Basic " + base64.b64encode(b":s").decode(), {}, "invalid_client"),
        ("Basic " + base64.b64encode(b"a:").decode(), {}, "invalid_client"),
        ("", {}, "invalid_client"), ("", {"client_id": "a" * 2000}, "invalid_client"),
        ("", {"client_assertion": "x"}, "invalid_request"),
        ("", {"client_assertion": "x", "client_assertion_type": "saml"}, "invalid_request"),
        ("", {"client_assertion_type": ASSERTION_TYPE}, "invalid_request"),
        ("", {"client_assertion": "x", "client_assertion_type": ASSERTION_TYPE}, "invalid_client"),
    ],
)  # fmt: skip
def test_a_client_that_shows_two_proofs_or_none_is_refused(header: str, form: dict[str, str], error: str) -> None:
    with pytest.raises(OAuthProblem) as raised:
        presented(header, form)
    assert raised.value.error == error


def test_a_token_that_cannot_be_read_names_nobody() -> None:
    assert unverified_subject("x") == unverified_subject("a.!.c") == unverified_subject("a.e30x.c") == ""
    assert unverified_subject(f"a.{base64.urlsafe_b64encode(b'[]').decode().rstrip('=')}.c") == ""


def key(algorithm: str = "ES256", kid: str = "k1") -> SigningKey:
    made = {
        "ES256": lambda: ECKey.generate_key("P-256"),
        "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
        "RS256": lambda: RSAKey.generate_key(2048),
    }[algorithm]()
    return SigningKey(kid, algorithm, made)


def keys_of(*keys: SigningKey) -> KeySet:
    published: list[Any] = [
        {**one.key.as_dict(private=False), "kid": one.kid, "alg": one.algorithm, "use": "sig"} for one in keys
    ]
    return published_keys(json.dumps(key_set(published)).encode())


def claims(**changes: Any) -> dict[str, Any]:
    at = NOW // 1_000_000
    whole = {"iss": "app_1", "sub": "app_1", "aud": ISSUER, "exp": at + 60, "iat": at, "jti": "j", **changes}
    return {name: value for name, value in whole.items() if value is not None}


def test_an_assertion_is_judged_whole() -> None:
    own = key()
    at = NOW // 1_000_000

    def proved(**changes: Any) -> str:
        token = signed(own, "JWT", claims(**changes))
        return judged_assertion(Presented("app_1", "private_key_jwt", "", token), keys_of(own), ISSUER, NOW).token_id

    assert proved() == proved(iat=None) == proved(nbf=at) == "j"
    assert proved(exp=at - 89) == "j", "clocks differ"
    for code, changes in (
        ("wrong_subject", {"iss": "x"}), ("wrong_subject", {"sub": None}), ("wrong_audience", {"aud": [ISSUER]}),
        ("too_late", {"exp": at - 91}), ("too_late", {"exp": None}), ("wrong_instant", {"exp": at + 3700}),
        ("too_early", {"iat": at + 91}), ("too_early", {"nbf": at + 91}), ("wrong_shape", {"jti": None}),
        ("wrong_shape", {"jti": "j" * 1025}),
    ):  # fmt: skip
        with pytest.raises(OidcProblem) as raised:
            proved(**changes)
        assert raised.value.code == code, changes


# Tokens for what is shown


def test_a_token_request_says_what_is_wanted() -> None:
    form = {"grant_type": "authorization_code", "code": "c", "redirect_uri": BACK}
    assert token_request({**form, "code_verifier": VERIFIER}) == CodeExchange("c", BACK, VERIFIER)
    assert token_request(form) == CodeExchange("c", BACK, "")
    refreshing = {"grant_type": "refresh_token", "refresh_token": "r"}
    assert token_request(refreshing) == Refreshing("r")
    assert token_request({**refreshing, "scope": "a b a"}) == Refreshing("r", ("a", "b"))
    assert token_request({"grant_type": "client_credentials"}) == MachineAccess()
    for wrong, error in (
        ({}, "invalid_request"), ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"), ({**form, "code": ""}, "invalid_request"),
    ):  # fmt: skip
        with pytest.raises(OAuthProblem) as raised:
            token_request(single(list(wrong.items())))
        assert raised.value.error == error


def test_a_code_is_for_who_asked_for_it() -> None:
    bound = Bound("app_1", BACK, code_challenge(VERIFIER))
    judge_exchange(CodeExchange("c", BACK, VERIFIER), "app_1", bound)
    for client, address, verifier in (
        ("app_2", BACK, VERIFIER), ("app_1", BACK + "/", VERIFIER), ("app_1", BACK, "w" * 43), ("app_1", BACK, ""),
        ("app_1", BACK, bound.code_challenge), ("app_1", BACK, VERIFIER + "é"),
    ):  # fmt: skip
        with pytest.raises(OAuthProblem) as raised:
            judge_exchange(CodeExchange("c", address, verifier), client, bound)
        assert raised.value.error == "invalid_grant"


def test_scopes_become_fewer_never_more() -> None:
    assert narrowed(None, ("a", "b")) == ("a", "b") and narrowed(("b",), ("a", "b")) == ("b",)
    for wrong in ((), ("c",), ("a", "c")):
        with pytest.raises(OAuthProblem):
            narrowed(wrong, ("a", "b"))


# Tokens that are made

PERSON = Person("mem_1", "ada@acme.example", True, "Ada", "admin", ("Team",), {"id": "org_1"}, "conn_1")


def test_scopes_say_what_is_told() -> None:
    always = {"sub": "mem_1", "org": {"id": "org_1"}, "role": "admin", "connection": "conn_1"}
    assert claims_of(PERSON, ("openid",)) == always
    assert claims_of(PERSON, ("email", "profile", "groups")) == {
        **always, "email": "ada@acme.example", "email_verified": True, "name": "Ada", "groups": ["Team"],
    }  # fmt: skip


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_what_we_sign_is_what_a_relying_party_takes(algorithm: str) -> None:
    own, envelope = key(algorithm), Envelope(ISSUER, "app_1", NOW)
    access = access_token(envelope, "mem_1", ("openid",), {"jti": "j"}, own)
    authentication = Authentication(NOW - 5_000_000, ("pwd", "otp", "mfa"), "sid", "n")
    token = id_token(envelope, claims_of(PERSON, ("openid", "groups")), authentication, access, own)
    trust = Trust(keys_of(own))
    found = judged(token, Expectation(Issuer(ISSUER), "app_1", trust, "n", access, "", NOW, NOW - 60_000_000))
    assert (found.subject, found.session_id, found.methods) == ("mem_1", "sid", ("pwd", "otp", "mfa"))
    assert found.claims["groups"] == ["Team"] and found.authenticated_at == NOW - 5_000_000
    assert own_access_token(access, trust.keys, ISSUER, NOW)["client_id"] == "app_1"
    ended = logout(
        logout_token(envelope, "mem_1", "sid", "j", own), LogoutExpectation(Issuer(ISSUER), "app_1", trust, NOW)
    )
    assert (ended.subject, ended.session_id) == ("mem_1", "sid")
    whole = logout_token(envelope, "mem_1", "", "j", own)
    assert logout(whole, LogoutExpectation(Issuer(ISSUER), "app_1", trust, NOW)).session_id == ""


def test_groups_that_are_too_many_are_left_to_userinfo() -> None:
    own, envelope = key(), Envelope(ISSUER, "app_1", NOW)
    many = {"sub": "m", "groups": [str(n) for n in range(MOST_GROUPS + 1)]}
    token = id_token(envelope, many, Authentication(NOW, (), "s"), "at", own)
    found = own_claims(token, keys_of(own), ISSUER, ID_TOKEN)
    assert "groups" not in found and "nonce" not in found and found["at_hash"] == half_hash("at", "ES256")


def test_a_token_of_ours_is_of_one_kind() -> None:
    own, envelope = key(), Envelope(ISSUER, "app_1", NOW)
    access = access_token(envelope, "m", ("openid",), {"iss": "x", "jti": "j"}, own)
    for token, issuer, kind, code in (
        (access, ISSUER, ID_TOKEN, "wrong_type"), (access, "https://other.example", ACCESS_TOKEN, "wrong_issuer"),
        (signed(own, "", {"iss": ISSUER}), ISSUER, ACCESS_TOKEN, "wrong_type"),
        (signed(own, ACCESS_TOKEN, {}), ISSUER, ACCESS_TOKEN, "wrong_issuer"),
        (signed(key(), ACCESS_TOKEN, {"iss": ISSUER}), ISSUER, ACCESS_TOKEN, "wrong_signature"),
    ):  # fmt: skip
        with pytest.raises(OidcProblem) as raised:
            own_claims(token, keys_of(own), issuer, kind)
        assert raised.value.code == code


def test_an_access_token_ends_to_the_second() -> None:
    own, envelope = key(), Envelope(ISSUER, "app_1", NOW)
    access = access_token(envelope, "m", (), {}, own)
    assert own_access_token(access, keys_of(own), ISSUER, NOW + 299_000_000)
    for at, code in ((NOW + 300_000_000, "too_late"), (NOW - 91_000_000, "too_early")):
        with pytest.raises(OidcProblem) as raised:
            own_access_token(access, keys_of(own), ISSUER, at)
        assert raised.value.code == code
    elsewhere = signed(own, ACCESS_TOKEN, {"iss": ISSUER, "aud": "https://other.example"})
    with pytest.raises(OidcProblem) as raised:
        own_access_token(elsewhere, keys_of(own), ISSUER, NOW)
    assert raised.value.code == "wrong_audience"
    endless = signed(own, ACCESS_TOKEN, {"iss": ISSUER, "aud": ISSUER})
    with pytest.raises(OidcProblem):
        own_access_token(endless, keys_of(own), ISSUER, NOW)


def test_the_document_says_what_is_taken() -> None:
    said = configuration(ISSUER, ("events:read",))
    assert said["issuer"] == ISSUER and "none" not in str(said["introspection_endpoint_auth_methods_supported"])
    assert said["scopes_supported"] == ["openid", "profile", "email", "groups", "offline_access", "events:read"]
    assert "HS256" not in json.dumps(said) and '"plain"' not in json.dumps(said)
