"""Signed tokens (RFC 7515, 7517, 7518): octets, then header, then signature, and only then claims.

Rules: algorithms and keys come from the caller; a header that brings a key, or demands what we do not know, refuses;
a key signs only with algorithms of its own kind, and with the one that its publisher names; of a published key only
the public numbers are read.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from hallway.oidc.json import Json, JsonObject, parsed_object, text
from hallway.oidc.problem import OidcProblem

PublicKey: TypeAlias = RSAKey | ECKey | OKPKey
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_EDWARDS: Final = frozenset({"EdDSA", "Ed25519"})
ALGORITHMS: Final = _RSA | _EDWARDS | frozenset(_CURVES.values())
"""What a provider may sign with; a connection narrows it."""
SHARED_SECRET_ALGORITHMS: Final = frozenset({"HS256", "HS384", "HS512"})

MOST_TOKEN_BYTES: Final = 64 * 1024
MOST_HEADER_BYTES: Final = 4096
MOST_KEYS_BYTES: Final = 512 * 1024
MOST_KEYS: Final = 100
MOST_TRIED: Final = 4

_RSA_BITS: Final = range(2048, 8193)
_SECRET_BYTES: Final = 32
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
_FOREIGN: Final = ("jwk", "jku", "x5u", "x5c")
_PRIVATE: Final = ("d", "p", "q", "k")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """One key of a provider, what it may sign with, and whose it is where a set is shared (Entra)."""

    kid: str
    algorithms: frozenset[str]
    key: PublicKey = field(repr=False)
    issuer: str = ""

    @property
    def thumbprint(self) -> str:
        """The key by its content (RFC 7638): the same whatever it is called."""
        return self.key.thumbprint()


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys that a provider publishes; those that we cannot use are left out."""

    keys: tuple[PublishedKey, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """What a token may be signed with. `shared_secret` is set by a relaxation only: see `ACCEPT_…` in `id_token`."""

    keys: KeySet
    algorithms: frozenset[str] = ALGORITHMS
    shared_secret: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """Claims whose octets a key of the provider signed, and which key that was (None: the shared secret)."""

    algorithm: str
    type: str
    claims: JsonObject
    key: PublishedKey | None


def published_keys(octets: bytes) -> KeySet:
    """The keys of a JWKS document. Raises `OidcProblem`."""
    listed = parsed_object(octets, MOST_KEYS_BYTES).get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise OidcProblem("wrong_shape", f"keys as an array of at most {MOST_KEYS}", type(listed).__name__)
    found = tuple(key for one in listed if isinstance(one, dict) and (key := _published(one)) is not None)
    if not found:
        raise OidcProblem("no_usable_key", "an RSA key of 2048 bits or more, or one on a curve", f"{len(listed)} keys")
    return KeySet(found)


def verified(token: str, trust: Trust, issuer: str = "") -> Verified:
    """What a token says. `unknown_key` means: read the keys again, and judge once more. Raises `OidcProblem`."""
    header, payload, signed, signature = _parts(token)
    algorithm = _judge_header(header, trust)
    model = JWSRegistry.algorithms[algorithm]
    kid, kind = text(header, "kid"), text(header, "typ")
    if algorithm in SHARED_SECRET_ALGORITHMS:
        secret = OctKey.import_key(trust.shared_secret or b"")
        if not model.verify(signed, signature, secret):
            raise OidcProblem("wrong_signature")
        return Verified(algorithm, kind, parsed_object(payload, MOST_TOKEN_BYTES), None)
    for one in _candidates(trust.keys, kid, algorithm):
        if model.verify(signed, signature, one.key):
            return Verified(algorithm, kind, parsed_object(payload, MOST_TOKEN_BYTES), one)
    raise OidcProblem("wrong_signature", "a signature by a key that the provider publishes", f"kid {kid}")


def base64url(octets: bytes) -> str:
    """The text without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decoded_base64url(part: str) -> bytes | None:
    """The octets, or None where the text is not the one text that they have."""
    if not _BASE64URL.fullmatch(part) or len(part) % 4 == 1:
        return None
    octets = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return octets if base64url(octets) == part else None


def _parts(token: str) -> tuple[JsonObject, bytes, bytes, bytes]:
    """Header, payload, what is signed, and the signature."""
    if len(token) > MOST_TOKEN_BYTES:
        raise OidcProblem("too_large", f"at most {MOST_TOKEN_BYTES} bytes", f"{len(token)}")
    parts = token.split(".")
    if len(parts) == 5:
        raise OidcProblem("encrypted_token", "a signed token", "an encrypted one")
    decoded = [decoded_base64url(one) for one in parts]
    octets = [one for one in decoded if one is not None]
    if len(parts) != 3 or len(octets) != 3:
        raise OidcProblem("not_a_token", "three parts in base64url", f"{len(parts)} parts")
    header = parsed_object(octets[0], MOST_HEADER_BYTES)
    return header, octets[1], f"{parts[0]}.{parts[1]}".encode(), octets[2]


def _judge_header(header: JsonObject, trust: Trust) -> str:
    """The algorithm, if the header may stand."""
    if "crit" in header or "b64" in header:
        raise OidcProblem("critical_header", "a header without crit and b64", ", ".join(sorted(header)))
    brought = [name for name in _FOREIGN if name in header]
    if brought:
        raise OidcProblem("foreign_key", "a key that the provider publishes", ", ".join(brought))
    algorithm = text(header, "alg")
    secret = trust.shared_secret
    taken = trust.algorithms & ALGORITHMS
    if secret is not None and len(secret) >= _SECRET_BYTES:
        taken |= SHARED_SECRET_ALGORITHMS
    if algorithm not in taken:
        raise OidcProblem("wrong_algorithm", ", ".join(sorted(taken)), algorithm or "none")
    return algorithm


def _candidates(keys: KeySet, kid: str, algorithm: str) -> tuple[PublishedKey, ...]:
    """The few keys that may have signed. A token without kid is taken only where one key fits."""
    named = [one for one in keys.keys if one.kid == kid] if kid else list(keys.keys)
    if not named:
        raise OidcProblem("unknown_key", ", ".join(one.kid for one in keys.keys), kid)
    fitting = tuple(one for one in named if algorithm in one.algorithms)
    if not fitting:
        raise OidcProblem("wrong_algorithm", "an algorithm of the key that the token names", algorithm)
    if not kid and len(fitting) > 1:
        raise OidcProblem("unknown_key", "a kid, since the provider publishes several keys", "none")
    return fitting[:MOST_TRIED]


def _published(given: JsonObject) -> PublishedKey | None:
    """A key that may verify signatures, or None: unknown ones are to be ignored (RFC 7517 §5)."""
    use, operations, kid = given.get("use"), given.get("key_ops"), given.get("kid", "")
    if use not in (None, "sig") or (operations is not None and not _names(operations, "verify")):
        return None
    if not isinstance(kid, str) or any(name in given for name in _PRIVATE):
        return None
    named, issuer = given.get("alg"), given.get("issuer", "")
    for key, algorithms in _imported(given):
        taken = algorithms if named is None else algorithms & {str(named)}
        return PublishedKey(kid, taken, key, issuer if isinstance(issuer, str) else "") if taken else None
    return None


def _names(listed: Json, wanted: str) -> bool:
    return isinstance(listed, list) and wanted in listed


def _imported(given: JsonObject) -> Iterator[tuple[PublicKey, frozenset[str]]]:
    """One key and the algorithms of its kind, or nothing."""
    kind, curve = given.get("kty"), given.get("crv")
    numbers = {name: value for name in ("n", "e", "x", "y") if isinstance(value := given.get(name), str)}
    try:
        if kind == "RSA" and _is_strong(numbers):
            yield _used(RSAKey.import_key({"kty": "RSA", "n": numbers["n"], "e": numbers["e"]})), _RSA
        elif kind == "EC" and isinstance(curve, str) and curve in _CURVES and {"x", "y"} <= numbers.keys():
            point: dict[str, str | list[str]] = {"kty": "EC", "crv": curve, "x": numbers["x"], "y": numbers["y"]}
            yield _used(ECKey.import_key(point)), frozenset({_CURVES[curve]})
        elif kind == "OKP" and curve == "Ed25519" and "x" in numbers:
            edwards = OKPKey.import_key({"kty": "OKP", "crv": curve, "x": numbers["x"]})
            yield _used(edwards), _EDWARDS
    except (JoseError, ValueError, UnsupportedAlgorithm):
        return


def _used(key: PublicKey) -> PublicKey:
    """The key, with its numbers read: a point that lies on no curve raises here."""
    key.get_op_key("verify")
    return key


def _is_strong(numbers: dict[str, str]) -> bool:
    modulus, exponent = (decoded_base64url(numbers.get(name, "")) or b"" for name in ("n", "e"))
    e = int.from_bytes(exponent)
    return int.from_bytes(modulus).bit_length() in _RSA_BITS and e % 2 == 1 and 3 <= e < 2**33
