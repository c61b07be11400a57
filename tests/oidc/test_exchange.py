"""Discovery, the request, the answer, the exchange, userinfo and profiles: what we ask and what we take."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from hallway.oidc.authorization import (
    AuthorizationRequest,
    Waiting,
    authorization_code,
    authorization_url,
    code_challenge,
    secret_text,
)
from hallway.oidc.claims import Attribute, profile, userinfo
from hallway.oidc.discovery import configuration_url, provider
from hallway.oidc.id_token import SignIn, judged
from hallway.oidc.issuer import Issuer, checked_url
from hallway.oidc.jose import Trust, published_keys, verified
from hallway.oidc.problem import CODES, OidcProblem
from hallway.oidc.tokens import (
    ClientAuthentication,
    Exchange,
    NoSecret,
    PrivateKeyJwt,
    SecretBasic,
    SecretPost,
    token_request,
    tokens,
    userinfo_request,
)
from tests.oidc.sender import CLIENT, ISSUER, NOW, SECONDS, claims, document, expectation, jwk, jwks, key, token

HERE = Issuer(ISSUER)
REDIRECT = "https://hub.example/oidc/conn_1/callback"


def refused(code: str, act: Callable[..., object], *arguments: Any) -> OidcProblem:
    with pytest.raises(OidcProblem) as caught:
        act(*arguments)
    assert caught.value.code == code, (caught.value.code, caught.value.expected, caught.value.received)
    return caught.value


# Discovery --------------------------------------------------------------------------------------------------


def test_a_document_becomes_a_provider() -> None:
    found = provider(
        200,
        document(
            userinfo_endpoint=ISSUER + "/userinfo",
            end_session_endpoint=ISSUER + "/logout",
            authorization_response_iss_parameter_supported=True,
            code_challenge_methods_supported=["plain", "S256"],
            token_endpoint_auth_methods_supported=["private_key_jwt"],
            scopes_supported=["openid", "groups"],
        ),
        HERE,
    )
    assert (found.authorization_endpoint, found.token_endpoint) == (ISSUER + "/authorize", ISSUER + "/token")
    assert (found.userinfo_endpoint, found.logout_endpoint) == (ISSUER + "/userinfo", ISSUER + "/logout")
    assert found.algorithms == {"RS256"} and found.names_issuer and found.says_pkce
    assert (found.authentication_methods, found.scopes) == (("private_key_jwt",), ("openid", "groups"))


def test_what_a_document_leaves_out_is_not_held_against_it() -> None:
    found = provider(200, document(response_types_supported=None, id_token_signing_alg_values_supported=None), HERE)
    assert found.algorithms == {"RS256"} and not found.names_issuer and not found.says_pkce
    assert (found.userinfo_endpoint, found.authentication_methods) == ("", ("client_secret_basic",))


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://idp.example", "https://idp.example/.well-known/openid-configuration"),
        ("https://oauth.id.jumpcloud.com/", "https://oauth.id.jumpcloud.com/.well-known/openid-configuration"),
        ("https://idp.example/a/b", "https://idp.example/a/b/.well-known/openid-configuration"),
    ],
)
def test_where_the_document_of_an_issuer_is(issuer: str, url: str) -> None:
    assert configuration_url(issuer) == url


def test_an_issuer_without_https_or_with_a_query_has_no_document() -> None:
    for issuer in ("http://idp.example", "https://idp.example?x", "https://idp.example#x", "idp.example", ""):
        refused("wrong_endpoint", configuration_url, issuer)
    assert configuration_url("http://idp.localhost:1", frozenset({"idp.localhost"})).startswith(
        "http://idp.localhost:1/"
    )


DOCUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"issuer": "https://evil.example"}, "wrong_issuer"),
    "a slash more": ({"issuer": ISSUER + "/"}, "wrong_issuer"),
    "no issuer": ({"issuer": None}, "wrong_issuer"),
    "an issuer that is none": ({"issuer": [ISSUER]}, "wrong_shape"),
    "keys over http": ({"jwks_uri": "http://idp.example/keys"}, "wrong_endpoint"),
    "tokens over http": ({"token_endpoint": "http://idp.example/token"}, "wrong_endpoint"),
    "sign-in by a script": ({"authorization_endpoint": "javascript:alert(1)"}, "wrong_endpoint"),
    "a file": ({"userinfo_endpoint": "file:///etc/passwd"}, "wrong_endpoint"),
    "a logout with a user": ({"end_session_endpoint": "https://a@idp.example/"}, "wrong_endpoint"),
    "no keys": ({"jwks_uri": None}, "wrong_endpoint"),
    "no token endpoint": ({"token_endpoint": None}, "wrong_endpoint"),
    "no sign-in": ({"authorization_endpoint": ""}, "wrong_endpoint"),
    "implicit only": ({"response_types_supported": ["id_token"]}, "no_code_flow"),
    "types that are none": ({"response_types_supported": {"code": 1}}, "wrong_shape"),
    "plain PKCE only": ({"code_challenge_methods_supported": ["plain"]}, "no_pkce"),
    "shared secrets only": ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "no_usable_algorithm"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_hostile_document_is_refused(name: str) -> None:
    changes, code = DOCUMENTS[name]
    refused(code, provider, 200, document(**changes), HERE)


def test_what_is_no_document_is_refused() -> None:
    refused("wrong_status", provider, 404, document(), HERE)
    refused("not_json", provider, 200, b"<html>", HERE)
    refused("too_large", provider, 200, b" " * 300_000, HERE)


def test_http_is_for_hosts_that_are_named() -> None:
    local = document(jwks_uri="http://idp.localhost/keys")
    assert provider(200, local, HERE, frozenset({"idp.localhost"})).jwks_uri == "http://idp.localhost/keys"
    refused("wrong_endpoint", provider, 200, local, HERE, frozenset({"other.localhost"}))


@pytest.mark.parametrize(
    "text",
    ["", "https://", "https://a b", "https://a\n", "https://ä.example", "https://a\\b", "https://a:0", "https://a:99999",
     "https://a:x", "https://[", "https://a#", "https://u:p@a", "//a", "ftp://a", "https://a/" + "x" * 2048],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused(text: str) -> None:
    refused("wrong_endpoint", checked_url, text, frozenset({"a"}), "x")


# The request and its answer ---------------------------------------------------------------------------------

STATE, NONCE, VERIFIER = (secret_text(bytes([number]) * 32) for number in (1, 2, 3))
ASKED = AuthorizationRequest(ISSUER + "/authorize", CLIENT, REDIRECT, STATE, NONCE, VERIFIER)


def test_a_request_has_state_nonce_and_pkce_always() -> None:
    found = dict(parse_qsl(urlsplit(authorization_url(ASKED)).query))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    assert found == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": REDIRECT,
        "scope": "openid email profile",
        "state": STATE,
        "nonce": NONCE,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    assert not {STATE, NONCE, VERIFIER} & set(repr(ASKED).split("'"))


def test_the_challenge_is_the_one_of_the_standard() -> None:
    assert (
        code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_a_request_says_what_it_is_told_to() -> None:
    full = replace(
        ASKED,
        endpoint=ISSUER + "/authorize?tenant=a&flag=",
        scopes=("groups", "openid"),
        prompt="login",
        max_age=0,
        login_hint="a&state=evil@x",
        extra=(("domain_hint", "acme.example"),),
    )
    found = parse_qs(urlsplit(authorization_url(full)).query, keep_blank_values=True)
    assert found["scope"] == ["openid groups"] and found["max_age"] == ["0"] and found["prompt"] == ["login"]
    assert found["login_hint"] == ["a&state=evil@x"] and found["state"] == [STATE]
    assert (found["tenant"], found["flag"], found["domain_hint"]) == (["a"], [""], ["acme.example"])


@pytest.mark.parametrize("name", ["state", "client_id", "max_age", "request", "request_uri", "response_mode"])
def test_nobody_else_writes_our_parameters(name: str) -> None:
    refused("wrong_endpoint", authorization_url, replace(ASKED, endpoint=f"{ISSUER}/authorize?{name}=x"))
    refused("wrong_endpoint", authorization_url, replace(ASKED, extra=((name, "x"),)))


def test_a_secret_text_needs_its_bits() -> None:
    assert len(STATE) == 43
    with pytest.raises(ValueError, match="256"):
        secret_text(b"short")


WAITING = Waiting(STATE, HERE)
NAMING = Waiting(STATE, HERE, names_issuer=True)


def test_an_answer_brings_a_code() -> None:
    assert authorization_code([("state", STATE), ("code", "c"), ("session_state", "x")], WAITING) == "c"
    for waiting in (WAITING, NAMING):
        assert authorization_code([("state", STATE), ("code", "c"), ("iss", ISSUER)], waiting) == "c"


ANSWERS: dict[str, tuple[list[tuple[str, str]], str]] = {
    "no state": ([("code", "c")], "wrong_state"),
    "another state": ([("code", "c"), ("state", "x")], "wrong_state"),
    "a state that is half a character": ([("code", "c"), ("state", "\ud800")], "wrong_state"),
    "a state that is no ASCII": ([("code", "c"), ("state", "ä")], "wrong_state"),
    "two states": ([("code", "c"), ("state", STATE), ("state", STATE)], "wrong_parameters"),
    "two codes": ([("code", "c"), ("code", "d"), ("state", STATE)], "wrong_parameters"),
    "another issuer": ([("code", "c"), ("state", STATE), ("iss", "https://evil.example")], "wrong_issuer"),
    "an issuer with a slash": ([("code", "c"), ("state", STATE), ("iss", ISSUER + "/")], "wrong_issuer"),
    "an empty issuer": ([("code", "c"), ("state", STATE), ("iss", "")], "wrong_issuer"),
    "an error of another issuer": ([("error", "access_denied"), ("state", STATE), ("iss", "x")], "wrong_issuer"),
    "an error without state": ([("error", "access_denied")], "wrong_state"),
    "neither code nor error": ([("state", STATE)], "wrong_parameters"),
    "both": ([("state", STATE), ("code", "c"), ("error", "x")], "wrong_parameters"),
    "an ID token in the address": ([("state", STATE), ("code", "c"), ("id_token", "x")], "wrong_parameters"),
    "an access token in the address": ([("state", STATE), ("code", "c"), ("access_token", "x")], "wrong_parameters"),
    "a signed answer": ([("state", STATE), ("code", "c"), ("response", "x")], "wrong_parameters"),
    "an empty code": ([("state", STATE), ("code", "")], "wrong_parameters"),
    "a long code": ([("state", STATE), ("code", "x" * 8193)], "wrong_parameters"),
    "a code with a line break": ([("state", STATE), ("code", "a\r\nb")], "wrong_parameters"),
    "a code that is no ASCII": ([("state", STATE), ("code", "ä")], "wrong_parameters"),
    "declined": ([("state", STATE), ("error", "access_denied")], "access_denied"),
    "a silent sign-in that needs a person": ([("state", STATE), ("error", "login_required")], "interaction_required"),
    "a failure": ([("state", STATE), ("error", "server_error")], "provider_refused"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_hostile_answer_is_refused(name: str) -> None:
    given_parameters, code = ANSWERS[name]
    refused(code, authorization_code, given_parameters, WAITING)


def test_a_provider_that_names_itself_always_does() -> None:
    refused("wrong_issuer", authorization_code, [("state", STATE), ("code", "c")], NAMING)


def test_where_no_state_waits_none_fits() -> None:
    refused("wrong_state", authorization_code, [("state", ""), ("code", "c")], Waiting("", HERE))


def test_a_template_is_named_by_its_tenants() -> None:
    waiting = Waiting(STATE, Issuer("https://login.example/{tenantid}", ("t1",)))
    assert authorization_code([("state", STATE), ("code", "c"), ("iss", "https://login.example/t1")], waiting) == "c"
    wrong = [("state", STATE), ("code", "c"), ("iss", "https://login.example/t2")]
    refused("wrong_issuer", authorization_code, wrong, waiting)


def test_what_the_provider_says_is_shown_to_the_administrator() -> None:
    answer = [("state", STATE), ("error", "access_denied"), ("error_description", "not assigned")]
    assert refused("access_denied", authorization_code, answer, WAITING).received == "access_denied: not assigned"


# The exchange -----------------------------------------------------------------------------------------------

EXCHANGE = Exchange(ISSUER + "/token", "client:1", REDIRECT, "the code", VERIFIER)


def sent(authentication: ClientAuthentication) -> tuple[dict[str, str], dict[str, str]]:
    message = token_request(EXCHANGE, authentication)
    assert message.url == ISSUER + "/token" and message.body is not None
    form = dict(parse_qsl(message.body.decode(), strict_parsing=True))
    usual = {name: form.pop(name) for name in ("grant_type", "code", "redirect_uri", "code_verifier")}
    assert usual == {
        "grant_type": "authorization_code",
        "code": "the code",
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    return form, dict(message.headers)


def test_a_secret_goes_as_the_client_was_registered() -> None:
    form, headers = sent(SecretBasic("p:ä %"))
    pair = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert form == {} and pair == "client%3A1:p%3A%C3%A4+%25"
    form, headers = sent(SecretPost("s3cret"))
    assert form == {"client_id": "client:1", "client_secret": "s3cret"} and "Authorization" not in headers
    form, headers = sent(NoSecret())
    assert form == {"client_id": "client:1"} and headers["Accept"] == "application/json"


def test_a_private_key_signs_for_one_audience() -> None:
    own = key("ES256", "hub")
    ours = ECKey.import_key(own)
    form, _ = sent(PrivateKeyJwt(ours, "our-key", ISSUER, "jti-1", NOW))
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    keys = published_keys(jwks(jwk(own, "our-key")))
    found = verified(form["client_assertion"], Trust(keys))
    assert (found.algorithm, found.type) == ("ES256", "JWT")
    assert found.claims == {
        "iss": "client:1",
        "sub": "client:1",
        "aud": ISSUER,
        "jti": "jti-1",
        "iat": SECONDS,
        "exp": SECONDS + 60,
    }


def test_nothing_secret_is_shown() -> None:
    for one in (EXCHANGE, SecretBasic("s3cret"), SecretPost("s3cret"), token_request(EXCHANGE, SecretPost("s3cret"))):
        assert "s3cret" not in repr(one) and "the code" not in repr(one) and VERIFIER not in repr(one)
    found = tokens(200, json.dumps({"access_token": "s3cret", "token_type": "Bearer", "id_token": "s3cret"}).encode())
    assert "s3cret" not in repr(found) and "s3cret" not in repr(userinfo_request(ISSUER, "s3cret"))


def answer(**changes: Any) -> bytes:
    usual = {"access_token": "a", "token_type": "Bearer", "id_token": "x.y.z", "expires_in": 300}
    return json.dumps({name: value for name, value in {**usual, **changes}.items() if value is not None}).encode()


def test_tokens_are_taken() -> None:
    found = tokens(200, answer(token_type="bearer"))
    assert (found.access_token, found.unverified_id_token) == ("a", "x.y.z")


@pytest.mark.parametrize(
    ("status", "octets", "code"),
    [
        (200, answer(id_token=None), "no_id_token"),
        (200, answer(id_token=["x"]), "wrong_shape"),
        (200, answer(access_token=None), "token_refused"),
        (200, answer(access_token="a\nb"), "token_refused"),
        (200, answer(access_token="ä"), "token_refused"),
        (200, answer(access_token="a" * 70_000), "token_refused"),
        (200, answer(token_type=None), "token_refused"),
        (200, answer(token_type="DPoP"), "token_refused"),
        (200, b"access_token=a", "not_json"),
        (200, b'{"error":"invalid_grant"}', "code_refused"),
        (400, b'{"error":"invalid_grant","error_description":"used"}', "code_refused"),
        (401, b'{"error":"invalid_client"}', "client_refused"),
        (400, b'{"error":"unauthorized_client"}', "client_refused"),
        (400, b'{"error":"invalid_request"}', "token_refused"),
        (400, b'{"error":7}', "wrong_status"),
        (500, b"<html>", "wrong_status"),
        (302, answer(), "wrong_status"),
    ],
)
def test_what_brings_no_tokens_is_refused(status: int, octets: bytes, code: str) -> None:
    problem = refused(code, tokens, status, octets)
    assert "x.y.z" not in problem.received


# Userinfo and profiles --------------------------------------------------------------------------------------


def signed_in(issuer: str = ISSUER, **changes: Any) -> SignIn:
    return replace(judged(token(claims(**changes)), expectation()), issuer=issuer)


def test_userinfo_is_about_the_same_person() -> None:
    who = signed_in()
    message = userinfo_request(ISSUER + "/userinfo", "a")
    assert message.body is None and ("Authorization", "Bearer a") in message.headers
    found = userinfo(200, "application/json; charset=utf-8", b'{"sub":"ada","name":"Ada"}', who)
    assert profile(who, found).name == "Ada"


@pytest.mark.parametrize(
    ("status", "kind", "octets", "code"),
    [
        (200, "application/json", b'{"sub":"root"}', "wrong_subject"),
        (200, "application/json", b'{"sub":"ada "}', "wrong_subject"),
        (200, "application/json", b"{}", "wrong_subject"),
        (200, "application/json", b'{"sub":"root","sub":"ada"}', "duplicate_member"),
        (200, "application/jwt", b"a.b.c", "wrong_shape"),
        (200, "", b'{"sub":"ada"}', "wrong_shape"),
        (401, "application/json", b'{"sub":"ada"}', "wrong_status"),
        (200, "application/json", b"[]", "not_json"),
    ],
)
def test_userinfo_of_somebody_else_is_refused(status: int, kind: str, octets: bytes, code: str) -> None:
    refused(code, userinfo, status, kind, octets, signed_in())


def test_userinfo_adds_and_changes_nothing() -> None:
    who = signed_in(name="Ada")
    found = profile(who, {"sub": "ada", "name": "Root", "iss": "evil", "aud": "evil", "family_name": "Lovelace"})
    assert (found.name, found.family_name, found.email) == ("Ada", "Lovelace", "ada@acme.example")
    assert not {"iss", "aud", "nonce", "exp"} & {one.name for one in found.attributes}


@pytest.mark.parametrize(
    ("said", "verified_"),
    [(True, True), ("true", True), ("TRUE", True), (1, True), (False, False), ("false", False), ("", False),
     (None, False), ("yes", False), (["true"], False), (2, False)],
)  # fmt: skip
def test_an_address_is_verified_where_the_provider_says_so(said: Any, verified_: bool) -> None:
    assert profile(signed_in(email_verified=said)).email_verified is verified_


def test_no_address_is_never_a_verified_one() -> None:
    assert not profile(signed_in(email=None, email_verified=True)).email_verified


def test_the_word_for_one_address_does_not_count_for_another() -> None:
    crossed = profile(signed_in(), {"sub": "ada", "email": "root@acme.example", "email_verified": True})
    assert (crossed.email, crossed.email_verified) == ("ada@acme.example", False)
    other = profile(signed_in(email=None, email_verified=True), {"sub": "ada", "email": "ada@acme.example"})
    assert (other.email, other.email_verified) == ("ada@acme.example", False)
    whole = profile(signed_in(email=None), {"sub": "ada", "email": "ada@acme.example", "email_verified": "true"})
    assert whole.email_verified


@pytest.mark.parametrize("host", ["login.microsoftonline.com", "login.microsoftonline.us", "sts.windows.net"])
def test_people_write_their_address_at_entra_themselves(host: str) -> None:
    issuer = f"https://{host}/t1/v2.0"
    assert not profile(signed_in(issuer, email_verified=True)).email_verified
    for said in (True, "1", 1, "true"):
        assert profile(signed_in(issuer, xms_edov=said)).email_verified
    assert not profile(signed_in(issuer, xms_edov=False, email_verified=True)).email_verified


@pytest.mark.parametrize(
    ("said", "groups"),
    [("one", ("one",)), (["a", "b"], ("a", "b")), ([], ()), (None, ()), (["a", 7, None, True], ("a", "7", "true"))],
)
def test_groups_come_as_a_text_or_an_array(said: Any, groups: tuple[str, ...]) -> None:
    assert profile(signed_in(groups=said)).groups == groups
    assert profile(signed_in(memberOf=said), groups_claim="memberOf").groups == groups


def test_groups_that_entra_leaves_out_are_unknown_and_not_none() -> None:
    left = profile(signed_in(_claim_names={"groups": "src1"}, _claim_sources={"src1": {"endpoint": "https://graph"}}))
    assert left.groups == () and left.groups_left_out
    assert profile(signed_in(hasgroups=True)).groups_left_out
    assert not profile(signed_in(groups=["a"], hasgroups=True)).groups_left_out
    assert not profile(signed_in(_claim_names="x")).groups_left_out and not profile(signed_in()).groups_left_out


VENDORS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Entra": (
        {"oid": "o1", "tid": "t1", "preferred_username": "ada@acme.example", "name": "Ada L", "ver": "2.0", "uti": "u"},
        {"object_id": "o1", "username": "ada@acme.example", "name": "Ada L"},
    ),
    "Google": (
        {"hd": "acme.example", "email_verified": True, "given_name": "Ada", "picture": "https://x"},
        {"hosted_domain": "acme.example", "email_verified": True, "given_name": "Ada"},
    ),
    "Okta": (
        {"preferred_username": "ada", "groups": ["Everyone"], "ver": 1, "amr": ["pwd"], "idp": "00o1"},
        {"username": "ada", "groups": ("Everyone",)},
    ),
    "JumpCloud": (
        {"groups": "Engineering", "given_name": "Ada", "family_name": "Lovelace", "rat": 1},
        {"groups": ("Engineering",), "given_name": "Ada", "family_name": "Lovelace"},
    ),
}


@pytest.mark.parametrize("name", VENDORS)
def test_the_shapes_of_vendors_become_one(name: str) -> None:
    said, wanted = VENDORS[name]
    found = profile(signed_in(**said))
    assert {part: getattr(found, part) for part in wanted} == wanted


def test_what_is_nested_has_a_name_with_dots() -> None:
    who = signed_in(realm_access={"roles": ["a", "b"]}, deep={"a": {"b": {"c": 1}}})
    roles = profile(who, groups_claim="realm_access.roles")
    assert roles.groups == ("a", "b")
    assert Attribute("deep.a.b", ('{"c": 1}',)) in roles.attributes


# What holds for all -----------------------------------------------------------------------------------------

PARTS = ["issuer", "jwks_uri", "error", "token_type", "access_token", "id_token", "sub", "keys", "scopes_supported"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
OCTETS = st.binary() | st.dictionaries(st.sampled_from(PARTS), JSON).map(lambda one: json.dumps(one).encode())


@given(OCTETS, st.sampled_from([200, 400]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_value_or_a_problem(octets: bytes, status: int) -> None:
    who = signed_in()
    acts: list[Callable[[], object]] = [
        lambda: provider(status, octets, HERE),
        lambda: tokens(status, octets),
        lambda: published_keys(octets),
        lambda: profile(who, userinfo(status, "application/json", octets, who)),
    ]
    for act in acts:
        try:
            act()
        except OidcProblem as problem:
            assert problem.code in CODES


@given(st.dictionaries(st.text(), JSON))
@settings(max_examples=200, deadline=None)
def test_any_claims_make_a_profile(said: dict[str, Any]) -> None:
    who = replace(signed_in(), claims=said)
    assert isinstance(profile(who, said).email, str)


@given(st.lists(st.tuples(st.sampled_from(["state", "code", "iss", "error"]) | st.text(), st.text() | st.just(STATE))))
@settings(max_examples=300, deadline=None)
def test_any_parameters_give_a_code_or_a_problem(parameters: list[tuple[str, str]]) -> None:
    try:
        assert authorization_code(parameters, WAITING)
    except OidcProblem as problem:
        assert problem.code in CODES


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_any_address_is_taken_or_refused(text: str) -> None:
    try:
        assert checked_url(text, frozenset(), "x").lower().startswith("https://")
    except OidcProblem as problem:
        assert problem.code == "wrong_endpoint"
