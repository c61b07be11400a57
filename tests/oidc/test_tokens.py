"""ID tokens and logout tokens: the genuine ones of every algorithm are taken, each attack (saml.md 3.10) is refused."""

import base64
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from hallway.oidc.id_token import SKEW, Relaxation, judged
from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import (
    ALGORITHMS,
    MOST_KEYS,
    MOST_TOKEN_BYTES,
    Trust,
    decoded_base64url,
    published_keys,
    verified,
)
from hallway.oidc.logout import EVENT, Leaving, LogoutExpectation, logout, logout_url
from hallway.oidc.problem import CODES, OidcProblem
from tests.oidc.sender import (
    ACCESS,
    CLIENT,
    CODE,
    ISSUER,
    NOW,
    SECONDS,
    SECRET,
    b64,
    claims,
    expectation,
    half_hash,
    jwk,
    jwks,
    key,
    key_set,
    logout_claims,
    rsa_key,
    token,
    trust,
)

SECOND = 1_000_000
ENTRA = "https://login.microsoftonline.com/{tenantid}/v2.0"
RELAXED = frozenset({Relaxation.ACCEPT_SHARED_SECRET_SIGNATURES})


def refused(code: str, act: Callable[..., object], *arguments: Any) -> OidcProblem:
    with pytest.raises(OidcProblem) as caught:
        act(*arguments)
    assert caught.value.code == code, (caught.value.code, caught.value.expected, caught.value.received)
    assert SECRET not in f"{caught.value.expected}{caught.value.received}"
    return caught.value


# What is taken ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_a_genuine_token_of_each_algorithm_is_taken(algorithm: str) -> None:
    name = {"256": "sha256", "384": "sha384"}.get(algorithm[-3:], "sha512")
    said = claims(at_hash=half_hash(ACCESS, name), c_hash=half_hash(CODE, name), sid="s", acr="mfa", amr=["pwd", "otp"])
    found = judged(token(said, algorithm), expectation(trust=trust(algorithm)))
    assert (found.issuer, found.subject, found.algorithm) == (ISSUER, "ada", algorithm)
    assert (found.session_id, found.context, found.methods) == ("s", "mfa", ("pwd", "otp"))
    assert found.until == (SECONDS + 300) * SECOND + SKEW and found.authenticated_at == (SECONDS - 60) * SECOND
    assert found.key == key_set(algorithm).keys[0].thumbprint and found.tenant == ""


@pytest.mark.parametrize(
    "said",
    [
        claims(aud=[CLIENT]),
        claims(aud=[CLIENT, "other"], azp=CLIENT),
        claims(azp=CLIENT),
        claims(auth_time=None),
        claims(at_hash=None),
        claims(nbf=SECONDS + 80),
        claims(exp=SECONDS - 80),
        claims(iat=SECONDS + 80.5),
        claims(sub="x" * 255),
        claims(surname=None, hd="ACME.example"),
    ],
)
def test_what_providers_vary_is_taken(said: dict[str, Any]) -> None:
    assert judged(token(said), expectation()).subject


@pytest.mark.parametrize("kind", [None, "JWT", "jwt", "application/jwt"])
def test_the_types_of_an_id_token_are_taken(kind: str | None) -> None:
    assert judged(token(claims(), typ=kind), expectation()).subject == "ada"


def test_old_and_new_keys_stand_side_by_side() -> None:
    keys = published_keys(jwks(jwk(rsa_key("old"), "old"), jwk(rsa_key("new"), "new")))
    for name in ("old", "new"):
        assert judged(token(claims(), private=rsa_key(name), kid=name), expectation(trust=Trust(keys))).subject
    problem = refused("unknown_key", judged, token(claims(), kid="newest"), expectation(trust=Trust(keys)))
    assert problem.received == "newest"


def test_a_token_without_kid_is_taken_where_one_key_fits() -> None:
    assert judged(token(claims(), kid=None), expectation(trust=trust("RS256", "ES256"))).subject == "ada"
    two = published_keys(jwks(jwk(rsa_key("idp"), "a"), jwk(rsa_key("other"), "b")))
    refused("unknown_key", judged, token(claims(), kid=None), expectation(trust=Trust(two)))


def test_two_keys_of_one_kid_are_both_tried() -> None:
    two = published_keys(jwks(jwk(rsa_key("other"), "RS256"), jwk(rsa_key("idp"), "RS256")))
    assert judged(token(claims()), expectation(trust=Trust(two))).key == two.keys[1].thumbprint


# Attacks on the signature -----------------------------------------------------------------------------------


def public_pem(of: Any) -> bytes:
    return bytes(
        of.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def spoilt(place: int, text: str = "x") -> str:
    parts = token(claims()).split(".")
    parts[place] = text
    return ".".join(parts)


SIGNATURES: dict[str, tuple[Callable[[], str], str]] = {
    "no algorithm": (lambda: token(claims(), "none"), "wrong_algorithm"),
    "None in other letters": (lambda: token(claims(), alg="nOnE"), "wrong_algorithm"),
    "no alg at all": (lambda: token(claims(), alg=None), "wrong_algorithm"),
    "the public key as a secret": (
        lambda: token(claims(), "HS256", public_pem(rsa_key("idp")), kid="RS256"),
        "wrong_algorithm",
    ),
    "the client secret as a key": (lambda: token(claims(), "HS256", SECRET.encode(), kid=None), "wrong_algorithm"),
    "its own jwk": (lambda: token(claims(), private=rsa_key("evil"), jwk=jwk(rsa_key("evil"))), "foreign_key"),
    "its own jku": (lambda: token(claims(), private=rsa_key("evil"), jku="https://evil.example/keys"), "foreign_key"),
    "its own x5u": (lambda: token(claims(), private=rsa_key("evil"), x5u="https://evil.example/cert"), "foreign_key"),
    "its own x5c": (lambda: token(claims(), private=rsa_key("evil"), x5c=["MII="]), "foreign_key"),
    "another key": (lambda: token(claims(), private=rsa_key("evil")), "wrong_signature"),
    "an unknown crit": (lambda: token(claims(), crit=["exp"], exp=1), "critical_header"),
    "an empty crit": (lambda: token(claims(), crit=[]), "critical_header"),
    "an unencoded payload": (lambda: token(claims(), b64=False), "critical_header"),
    "a key of another kind": (lambda: token(claims(), "ES256", kid="RS256"), "wrong_algorithm"),
    "a kid that is a path": (lambda: token(claims(), kid="../../dev/null"), "unknown_key"),
    "a kid that is a number": (lambda: token(claims(), kid=1), "wrong_shape"),
    "changed claims": (lambda: spoilt(1, b64(json.dumps(claims(sub="root")).encode())), "wrong_signature"),
    "a changed header": (
        lambda: spoilt(0, b64(b'{"alg":"RS256","kid":"RS256","typ":"JWT" }')),
        "wrong_signature",
    ),
    "no signature": (lambda: spoilt(2, ""), "wrong_signature"),
    "a short signature": (lambda: spoilt(2, "AAAA"), "wrong_signature"),
    "two parts": (lambda: token(claims()).rpartition(".")[0], "not_a_token"),
    "four parts": (lambda: token(claims()) + ".x", "not_a_token"),
    "five parts": (lambda: "a.b.c.d.e", "encrypted_token"),
    "padding": (lambda: token(claims()) + "=", "not_a_token"),
    "a line break inside": (lambda: token(claims()).replace(".", ".\n", 1), "not_a_token"),
    "other letters of base64": (lambda: spoilt(2, "+/+/"), "not_a_token"),
    "a length that base64 does not have": (lambda: spoilt(2, "AAAAA"), "not_a_token"),
    "bits that nothing reads": (lambda: spoilt(2, "AB"), "not_a_token"),
    "a header that is an array": (lambda: spoilt(0, b64(b"[]")), "not_json"),
    "a header member twice": (lambda: spoilt(0, b64(b'{"alg":"none","alg":"RS256"}')), "duplicate_member"),
    "a payload member twice": (lambda: token(b'{"sub":"ada","sub":"root"}'), "duplicate_member"),
    "a nested member twice": (lambda: token(b'{"a":[{"b":1,"b":2}]}'), "duplicate_member"),
    "a payload that is no JSON": (lambda: token(b"{"), "not_json"),
    "a payload that is not UTF-8": (lambda: token(b'{"a":"\xff"}'), "not_json"),
    "a lone surrogate": (lambda: token(b'{"sub":"\\ud800"}'), "not_json"),
    "NaN": (lambda: token(b'{"exp":NaN}'), "not_json"),
    "a deep payload": (lambda: token(b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"), "not_json"),
    "a huge token": (lambda: "a" * (MOST_TOKEN_BYTES + 1), "too_large"),
    "a huge header": (lambda: token(claims(), x="y" * 5000), "too_large"),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_every_attack_on_the_signature_is_refused(name: str) -> None:
    make, code = SIGNATURES[name]
    refused(code, judged, make(), expectation())


def test_an_algorithm_that_the_connection_does_not_take_is_refused() -> None:
    narrow = trust("RS256", "ES256", algorithms=frozenset({"ES256"}))
    refused("wrong_algorithm", judged, token(claims()), expectation(trust=narrow))
    none = trust(algorithms=frozenset({"none", "HS256"}))
    refused("wrong_algorithm", judged, token(claims(), "none"), expectation(trust=none))
    refused("wrong_algorithm", judged, token(claims(), "HS256", b""), expectation(trust=none))


def test_a_key_signs_only_with_the_algorithm_that_its_publisher_names() -> None:
    keys = published_keys(jwks(jwk(rsa_key("idp"), "RS256", alg="PS256")))
    refused("wrong_algorithm", judged, token(claims()), expectation(trust=Trust(keys)))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_shared_secret_signs_only_where_somebody_said_so(algorithm: str) -> None:
    secret = trust(shared_secret=SECRET.encode())
    name = f"sha{algorithm[2:]}"
    made = token(claims(at_hash=half_hash(ACCESS, name)), algorithm, SECRET.encode(), kid=None)
    assert judged(made, expectation(trust=secret, relaxations=RELAXED)).key == ""
    refused("wrong_algorithm", judged, made, expectation(trust=secret))
    wrong = token(claims(), algorithm, b"another secret", kid=None)
    refused("wrong_signature", judged, wrong, expectation(trust=secret, relaxations=RELAXED))
    short = trust(shared_secret=b"short")
    guessed = token(claims(), algorithm, b"short", kid=None)
    refused("wrong_algorithm", judged, guessed, expectation(trust=short, relaxations=RELAXED))
    # Where it is taken, a public key is still no secret.
    confused = token(claims(), algorithm, public_pem(rsa_key("idp")), kid="RS256")
    refused("wrong_signature", judged, confused, expectation(trust=secret, relaxations=RELAXED))


# Attacks on the claims --------------------------------------------------------------------------------------

CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"iss": "https://evil.example"}, "wrong_issuer"),
    "an issuer with a slash more": ({"iss": ISSUER + "/"}, "wrong_issuer"),
    "an issuer in other letters": ({"iss": "https://IDP.example"}, "wrong_issuer"),
    "no issuer": ({"iss": None}, "wrong_issuer"),
    "issuers": ({"iss": [ISSUER]}, "wrong_shape"),
    "another audience": ({"aud": "other"}, "wrong_audience"),
    "no audience": ({"aud": None}, "wrong_audience"),
    "an empty audience": ({"aud": []}, "wrong_audience"),
    "an audience that only begins like ours": ({"aud": CLIENT + "0"}, "wrong_audience"),
    "an audience that is an object": ({"aud": {CLIENT: 1}}, "wrong_shape"),
    "an audience with a number": ({"aud": [CLIENT, 1]}, "wrong_shape"),
    "several audiences and no party": ({"aud": [CLIENT, "other"]}, "wrong_party"),
    "several audiences and another party": ({"aud": [CLIENT, "other"], "azp": "other"}, "wrong_party"),
    "another party": ({"azp": "other"}, "wrong_party"),
    "an end that passed": ({"exp": SECONDS - 91}, "too_late"),
    "no end": ({"exp": None}, "wrong_instant"),
    "an end that is a text": ({"exp": str(SECONDS + 300)}, "wrong_instant"),
    "an end that is true": ({"exp": True}, "wrong_instant"),
    "an end that never comes": ({"exp": 1e300}, "wrong_instant"),
    "an end before 1970": ({"exp": -1}, "wrong_instant"),
    "no iat": ({"iat": None}, "wrong_instant"),
    "issued later": ({"iat": SECONDS + 91}, "too_early"),
    "begins later": ({"nbf": SECONDS + 91}, "too_early"),
    "authenticated later": ({"auth_time": SECONDS + 91}, "too_early"),
    "another nonce": ({"nonce": "other"}, "wrong_nonce"),
    "no nonce": ({"nonce": None}, "wrong_nonce"),
    "a nonce that is an array": ({"nonce": ["x"]}, "wrong_shape"),
    "the hash of another access token": ({"at_hash": half_hash("other")}, "wrong_hash"),
    "the hash by another digest": ({"at_hash": half_hash(ACCESS, "sha512")}, "wrong_hash"),
    "an empty hash": ({"at_hash": ""}, "wrong_hash"),
    "the hash of another code": ({"c_hash": half_hash("other")}, "wrong_hash"),
    "no subject": ({"sub": None}, "wrong_subject"),
    "an empty subject": ({"sub": " "}, "wrong_subject"),
    "a subject that is a number": ({"sub": 7}, "wrong_shape"),
    "a long subject": ({"sub": "x" * 256}, "wrong_subject"),
    "a subject with a line break": ({"sub": "ada\nroot"}, "wrong_subject"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_every_attack_on_the_claims_is_refused(name: str) -> None:
    changes, code = CLAIMS[name]
    refused(code, judged, token(claims(**changes)), expectation())


def test_a_token_for_another_purpose_is_no_id_token() -> None:
    for kind in ("at+jwt", "logout+jwt", "secevent+jwt", "application/at+jwt"):
        refused("wrong_type", judged, token(claims(), typ=kind), expectation())
    refused("wrong_nonce", judged, token(logout_claims()), expectation())


def test_an_empty_nonce_is_never_equal() -> None:
    refused("wrong_nonce", judged, token(claims(nonce="")), expectation(nonce=""))


def test_a_hash_of_nothing_is_refused() -> None:
    refused("wrong_hash", judged, token(claims(at_hash=half_hash(""))), expectation(access_token=""))
    refused("wrong_hash", judged, token(claims(c_hash=half_hash(""))), expectation(code=""))


def test_a_fresh_sign_in_has_to_be_told() -> None:
    fresh = expectation(fresh_since=NOW)
    assert judged(token(claims(auth_time=SECONDS - 80)), fresh).subject == "ada"
    refused("not_fresh", judged, token(claims(auth_time=SECONDS - 91)), fresh)
    refused("not_fresh", judged, token(claims(auth_time=None)), fresh)


def test_only_the_hosted_domain_that_the_claim_names_comes_in() -> None:
    expected = expectation(hosted_domains=("acme.example",))
    assert judged(token(claims(hd="Acme.example")), expected).subject == "ada"
    for hosted in ("other.example", None):
        refused("wrong_hosted_domain", judged, token(claims(hd=hosted)), expected)


def test_of_a_template_only_the_named_tenants_come_in() -> None:
    expected = expectation(issuer=Issuer(ENTRA, ("t1", "t2")))
    issuer = ENTRA.replace("{tenantid}", "t1")
    found = judged(token(claims(iss=issuer, tid="t1")), expected)
    assert (found.issuer, found.tenant) == (issuer, "t1")
    refused("wrong_tenant", judged, token(claims(iss=issuer, tid="t2")), expected)
    refused("wrong_tenant", judged, token(claims(iss=issuer)), expected)
    refused("wrong_issuer", judged, token(claims(iss=ENTRA.replace("{tenantid}", "t3"), tid="t3")), expected)
    refused("wrong_issuer", judged, token(claims(iss=ENTRA, tid="{tenantid}")), expected)
    for wrong in ((ENTRA, ()), (ISSUER, ("t1",))):
        with pytest.raises(ValueError, match="template"):
            Issuer(*wrong)


def test_a_key_of_another_issuer_in_a_shared_set_signs_nothing_here() -> None:
    issuer = ENTRA.replace("{tenantid}", "t1")
    said = token(claims(iss=issuer, tid="t1"))
    for owner, taken in ((ENTRA, True), (issuer, True), (ENTRA.replace("{tenantid}", "consumers"), False)):
        keys = published_keys(jwks(jwk(rsa_key("idp"), "RS256", issuer=owner)))
        expected = expectation(issuer=Issuer(ENTRA, ("t1",)), trust=Trust(keys))
        if taken:
            assert judged(said, expected).subject == "ada"
        else:
            refused("wrong_issuer", judged, said, expected)


# Published keys ---------------------------------------------------------------------------------------------


def without(of: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in of.items() if name not in names}


RSA, EC = jwk(rsa_key("idp")), jwk(key("ES256"))
UNUSABLE: dict[str, dict[str, Any]] = {
    "for encryption": {**RSA, "use": "enc"},
    "not for verifying": {**RSA, "key_ops": ["encrypt"]},
    "operations that are none": {**RSA, "key_ops": "verify"},
    "a kid that is none": {**RSA, "kid": 1},
    "a secret": {"kty": "oct", "k": b64(b"x" * 32)},
    "a private key": {**RSA, "d": "AQAB"},
    "for another algorithm": {**RSA, "alg": "RSA-OAEP"},
    "for none": {**RSA, "alg": "none"},
    "an algorithm that is none": {**RSA, "alg": ["RS256"]},
    "too short": jwk(rsa_key("short", 1024)),
    "without a modulus": without(RSA, "n"),
    "a modulus that is none": {**RSA, "n": "+++"},
    "far too long": {**RSA, "n": b64(b"\xff" * 2048)},
    "an even exponent": {**RSA, "e": b64(b"\x02")},
    "an exponent of one": {**RSA, "e": b64(b"\x01")},
    "a huge exponent": {**RSA, "e": b64(b"\xff" * 100)},
    "on no curve": {**EC, "y": EC["x"]},
    "on an unknown curve": {**EC, "crv": "secp256k1"},
    "a curve that is none": {**EC, "crv": ["P-256"]},
    "half a point": without(EC, "y"),
    "a short edwards key": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
    "for agreement": {"kty": "OKP", "crv": "X25519", "x": b64(b"x" * 32)},
    "without an edwards point": {"kty": "OKP", "crv": "Ed25519"},
    "of an unknown kind": {"kty": "AKP"},
    "of no kind": {},
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_key_that_cannot_be_used_is_left_out(name: str) -> None:
    refused("no_usable_key", published_keys, jwks(UNUSABLE[name]))
    beside = published_keys(jwks(UNUSABLE[name], jwk(key("Ed25519"), "good")))
    assert [one.kid for one in beside.keys] == ["good"]


def test_what_the_numbers_do_not_need_is_not_read() -> None:
    odd = jwk(rsa_key("idp"), "RS256", x5u="https://evil.example", x5c=["!"], x5t=7, issuer=3, key_ops=["verify"])
    assert judged(token(claims()), expectation(trust=Trust(published_keys(jwks(odd))))).subject == "ada"
    assert "n=" not in repr(published_keys(jwks(odd)))


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", "not_json"),
        (b"[]", "not_json"),
        (b"{}", "wrong_shape"),
        (b'{"keys":{}}', "wrong_shape"),
        (b'{"keys":[]}', "no_usable_key"),
        (b'{"keys":[1,"x",null]}', "no_usable_key"),
        (json.dumps({"keys": [{}] * (MOST_KEYS + 1)}).encode(), "wrong_shape"),
        (b" " * 600_000, "too_large"),
    ],
)
def test_what_is_no_set_of_keys_is_refused(octets: bytes, code: str) -> None:
    refused(code, published_keys, octets)


def test_no_hostile_message_takes_long() -> None:
    members = ",".join(f'"a{number}":1' for number in range(40_000))
    keys = json.dumps({"keys": [{**RSA, "e": b64(b"\xff" * 4)}] * MOST_KEYS}).encode()
    hostile: list[tuple[Callable[..., object], Any]] = [
        (published_keys, f'{{{members},"a39999":2}}'.encode()),
        (published_keys, b'{"keys":' + b"[" * 500_000),
        (published_keys, keys),
        (published_keys, b'{"keys":[' + b"9" * 500_000 + b"]}"),
        (lambda one: judged(one, expectation()), "." * MOST_TOKEN_BYTES),
        (lambda one: judged(one, expectation()), token(b'{"exp":' + b"9" * 40_000 + b"}")),
    ]
    for act, message in hostile:
        began = time.process_time()
        with suppress(OidcProblem):
            act(message)
        assert time.process_time() - began < 0.5


# Logout tokens ----------------------------------------------------------------------------------------------


def asked_out(**changes: Any) -> LogoutExpectation:
    return replace(LogoutExpectation(Issuer(ISSUER), CLIENT, trust(), NOW), **changes)


@pytest.mark.parametrize("kind", [None, "JWT", "logout+jwt"])
def test_a_genuine_logout_token_names_the_sessions(kind: str | None) -> None:
    found = logout(token(logout_claims(), typ=kind), asked_out())
    assert (found.issuer, found.subject, found.session_id, found.token_id) == (ISSUER, "ada", "session-1", "token-1")
    assert found.until == (SECONDS + 120) * SECOND + SKEW
    assert logout(token(logout_claims(sub=None)), asked_out()).subject == ""
    assert logout(token(logout_claims(sid=None, events={EVENT: {}, "other": 1})), asked_out()).session_id == ""


LOGOUTS: dict[str, tuple[dict[str, Any], str]] = {
    "an ID token": (claims(), "wrong_logout"),
    "a nonce": (logout_claims(nonce="x"), "wrong_logout"),
    "an empty nonce": (logout_claims(nonce=""), "wrong_logout"),
    "no events": (logout_claims(events=None), "wrong_logout"),
    "events as a list": (logout_claims(events=[EVENT]), "wrong_logout"),
    "another event": (logout_claims(events={"other": {}}), "wrong_logout"),
    "an event that is no object": (logout_claims(events={EVENT: True}), "wrong_logout"),
    "neither sub nor sid": (logout_claims(sub=None, sid=None), "wrong_logout"),
    "an empty sub": (logout_claims(sub=""), "wrong_subject"),
    "a long sid": (logout_claims(sid="x" * 1025), "wrong_logout"),
    "no jti": (logout_claims(jti=None), "wrong_logout"),
    "a long jti": (logout_claims(jti="x" * 1025), "wrong_logout"),
    "another issuer": (logout_claims(iss="https://evil.example"), "wrong_issuer"),
    "another audience": (logout_claims(aud="other"), "wrong_audience"),
    "no end": (logout_claims(exp=None), "wrong_instant"),
    "ended": (logout_claims(exp=SECONDS - 91), "too_late"),
    "issued long ago": (logout_claims(iat=SECONDS - 691), "too_late"),
    "issued later": (logout_claims(iat=SECONDS + 91), "too_early"),
}


@pytest.mark.parametrize("name", LOGOUTS)
def test_every_hostile_logout_token_is_refused(name: str) -> None:
    said, code = LOGOUTS[name]
    refused(code, logout, token(said), asked_out())


def test_a_logout_token_is_judged_like_any_other_token() -> None:
    refused("wrong_type", logout, token(logout_claims(), typ="at+jwt"), asked_out())
    refused("wrong_algorithm", logout, token(logout_claims(), "none"), asked_out())
    refused("wrong_signature", logout, token(logout_claims(), private=rsa_key("evil")), asked_out())
    secret = trust(shared_secret=SECRET.encode())
    made = token(logout_claims(), "HS256", SECRET.encode(), kid=None)
    refused("wrong_algorithm", logout, made, asked_out(trust=secret))
    assert logout(made, asked_out(trust=secret, relaxations=RELAXED)).subject == "ada"


def test_a_logout_token_counts_no_longer_than_it_is_young() -> None:
    found = logout(token(logout_claims(exp=SECONDS + 86_400)), asked_out())
    assert found.until == (SECONDS + 600) * SECOND + SKEW


# What holds for all -----------------------------------------------------------------------------------------


@given(st.text() | st.binary().map(b64) | st.lists(st.binary().map(b64), min_size=3, max_size=3).map(".".join))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_value_or_a_problem(text: str) -> None:
    for act, expected in ((judged, expectation()), (logout, asked_out())):
        with pytest.raises(OidcProblem) as caught:
            act(text, expected)  # type: ignore[operator]
        assert caught.value.code in CODES


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted({*claims(), *logout_claims(), "azp", "c_hash", "tid", "hd"})), JSON))
@settings(max_examples=300, deadline=None)
def test_any_signed_claims_give_a_value_or_a_problem(changes: dict[str, Any]) -> None:
    for act, expected, said in ((judged, expectation(), claims()), (logout, asked_out(), logout_claims())):
        try:
            act(token({**said, **changes}), expected)  # type: ignore[operator]
        except OidcProblem as problem:
            assert problem.code in CODES


@given(st.dictionaries(st.sampled_from(["kty", "n", "e", "x", "y", "crv", "kid", "alg", "use", "key_ops", "d"]), JSON))
@settings(max_examples=300, deadline=None)
def test_any_published_key_is_used_or_left_out(given_key: dict[str, Any]) -> None:
    for kind in ({}, {"kty": "RSA"}, {"kty": "EC", "crv": "P-256"}, {"kty": "OKP", "crv": "Ed25519"}):
        try:
            published_keys(json.dumps({"keys": [{**given_key, **kind}]}).encode())
        except OidcProblem as problem:
            assert problem.code in CODES


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "Ed25519"])
def test_every_mutation_of_a_genuine_token_is_refused(algorithm: str) -> None:
    """One place at a time, at places that a fixed rule picks; a token has one spelling, so none is accepted."""
    genuine = token(claims(at_hash=None), algorithm)
    expected = expectation(trust=trust(algorithm))
    assert judged(genuine, expected).subject == "ada"
    for place in range(0, len(genuine), 3):
        for new in ("A", "-", ".", "", "=", "é", "\ud800"):
            mutant = genuine[:place] + new + genuine[place + 1 :]
            if mutant != genuine:
                with pytest.raises(OidcProblem) as caught:
                    judged(mutant, expected)
                assert caught.value.code in CODES


def test_base64url_has_one_text_for_each_octets() -> None:
    assert decoded_base64url("AA") == b"\0" and decoded_base64url("AB") is None
    assert decoded_base64url(base64.urlsafe_b64encode(b"x").decode()) is None


def test_a_problem_bounds_what_it_shows() -> None:
    problem = refused("wrong_issuer", judged, token(claims(iss="x" * 30_000)), expectation())
    assert len(problem.received) == 2000


def test_verified_tells_the_key() -> None:
    found = verified(token(claims(), "ES256"), trust("RS256", "ES256"))
    assert found.key is not None and found.key.kid == "ES256" and "ada" in found.claims.values()


def test_who_signs_out_here_is_named_to_the_provider_by_her_token() -> None:
    leaving = Leaving("https://op.example/end", "client 1", "a.b&c", "https://hub.example/back", "st")
    assert logout_url(leaving) == (
        "https://op.example/end?id_token_hint=a.b%26c&client_id=client+1"
        "&post_logout_redirect_uri=https%3A%2F%2Fhub.example%2Fback&state=st"
    )
    bare = replace(leaving, endpoint="https://op.example/end?p=1", back="")
    assert logout_url(bare) == "https://op.example/end?p=1&id_token_hint=a.b%26c&client_id=client+1"
    assert "a.b&c" not in repr(leaving)
