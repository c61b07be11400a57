"""A provider of the tests' own: it makes tokens as vendors do, and spoils them on demand.

It shares no code with what it tests: cryptography alone.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from hallway.oidc.id_token import Expectation
from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import KeySet, Trust, published_keys

ISSUER = "https://idp.example"
CLIENT = "client-1"
NONCE = "nonce-of-this-sign-in"
ACCESS = "access-token-1"
CODE = "code-1"
SECRET = "a client secret of more than thirty-two bytes"
SECONDS = 1_764_072_000
NOW = SECONDS * 1_000_000

_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
_CURVES: dict[str, tuple[type[ec.EllipticCurve], str]] = {
    "ES256": (ec.SECP256R1, "P-256"),
    "ES384": (ec.SECP384R1, "P-384"),
    "ES512": (ec.SECP521R1, "P-521"),
}


@cache
def key(algorithm: str, name: str = "idp") -> Any:
    """A private key by algorithm and name, made once in a run; RSA keys are shared by their algorithms."""
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm][0]())
    if algorithm.startswith("Ed"):
        return ed25519.Ed25519PrivateKey.generate()
    return rsa_key(name)


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def jwk(private: Any, kid: str | None = "k1", **more: Any) -> dict[str, Any]:
    """The public half as a provider publishes it."""
    public = private.public_key()
    found: dict[str, Any] = {"use": "sig", **({} if kid is None else {"kid": kid})}
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        found |= {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        size = (public.curve.key_size + 7) // 8
        names = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        found |= {
            "kty": "EC",
            "crv": names[public.curve.name],
            "x": _number(point.x, size),
            "y": _number(point.y, size),
        }
    else:
        found |= {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
    return {**found, **more}


def jwks(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def key_set(*algorithms: str) -> KeySet:
    """A set with a key for each algorithm; kid is the algorithm's name."""
    return published_keys(jwks(*(jwk(key(one), one) for one in algorithms or ("RS256",))))


def signature(algorithm: str, private: Any, octets: bytes) -> bytes:
    if algorithm == "none":
        return b""
    if algorithm.startswith("HS"):
        return hmac.digest(private, octets, f"sha{algorithm[2:]}")
    if algorithm.startswith("Ed"):
        return bytes(private.sign(octets))
    chosen = _HASHES[algorithm[2:]]()
    if algorithm.startswith("ES"):
        r, s = decode_dss_signature(private.sign(octets, ec.ECDSA(chosen)))
        size = (private.curve.key_size + 7) // 8
        return bytes(r.to_bytes(size, "big") + s.to_bytes(size, "big"))
    if algorithm.startswith("PS"):
        return bytes(private.sign(octets, padding.PSS(padding.MGF1(chosen), chosen.digest_size), chosen))
    return bytes(private.sign(octets, padding.PKCS1v15(), chosen))


def half_hash(text: str, name: str = "sha256") -> str:
    digest = hashlib.new(name, text.encode()).digest()
    return b64(digest[: len(digest) // 2])


def claims(**changes: Any) -> dict[str, Any]:
    """What a genuine ID token says; a claim that is changed to None is left out."""
    usual = {
        "iss": ISSUER,
        "sub": "ada",
        "aud": CLIENT,
        "exp": SECONDS + 300,
        "iat": SECONDS,
        "auth_time": SECONDS - 60,
        "nonce": NONCE,
        "at_hash": half_hash(ACCESS),
        "email": "ada@acme.example",
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def logout_claims(**changes: Any) -> dict[str, Any]:
    usual = {
        "iss": ISSUER,
        "sub": "ada",
        "sid": "session-1",
        "aud": CLIENT,
        "exp": SECONDS + 120,
        "iat": SECONDS,
        "jti": "token-1",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def token(said: dict[str, Any] | bytes, algorithm: str = "RS256", private: Any = None, **header: Any) -> str:
    """A signed token; a member of the header that is None is left out."""
    head = {"alg": algorithm, "kid": algorithm, "typ": "JWT", **header}
    first = json.dumps({name: value for name, value in head.items() if value is not None}).encode()
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    signed = f"{b64(first)}.{b64(payload)}"
    by = private if private is not None or algorithm == "none" else key(algorithm)
    return f"{signed}.{b64(signature(algorithm, by, signed.encode()))}"


def trust(*algorithms: str, **more: Any) -> Trust:
    return Trust(key_set(*algorithms), **more)


def expectation(**changes: Any) -> Expectation:
    """What the connection of these tests expects."""
    usual: dict[str, Any] = {
        "issuer": Issuer(ISSUER),
        "client_id": CLIENT,
        "trust": trust(),
        "nonce": NONCE,
        "access_token": ACCESS,
        "code": CODE,
        "now": NOW,
    }
    return Expectation(**{**usual, **changes})


def document(**changes: Any) -> bytes:
    """A discovery document; a member that is changed to None is left out."""
    usual = {
        "issuer": ISSUER,
        "authorization_endpoint": ISSUER + "/authorize",
        "token_endpoint": ISSUER + "/token",
        "jwks_uri": ISSUER + "/keys",
        "response_types_supported": ["code", "id_token"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256"],
        "subject_types_supported": ["public"],
    }
    return json.dumps({name: value for name, value in {**usual, **changes}.items() if value is not None}).encode()
