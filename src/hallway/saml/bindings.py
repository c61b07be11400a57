"""How messages travel: in the query of an address (redirect), or in a form (POST) (SAML bindings §3.4, §3.5).

Rules: a signature in an address covers the octets of the query as they stand there, so they are judged before
anything is decoded; a parameter that comes twice, or both kinds of message, refuse; what is inflated has a bound.
"""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_plus, unquote_to_bytes

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hallway.saml.problem import SamlProblem
from hallway.saml.signature import MOST_KEYS, Trust, is_strong
from hallway.saml.writing import PrivateKey, signature_algorithm, signature_of
from hallway.saml.xml import MAX_BYTES, decoded_base64

MOST_RELAY_STATE: Final = 80
"""Bytes (bindings §3.4.3)."""
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_RSA: Final[Mapping[str, hashes.HashAlgorithm]] = {
    _MORE + "rsa-sha256": hashes.SHA256(),
    _MORE + "rsa-sha384": hashes.SHA384(),
    _MORE + "rsa-sha512": hashes.SHA512(),
}
_EC: Final[Mapping[str, hashes.HashAlgorithm]] = {
    _MORE + "ecdsa-sha256": hashes.SHA256(),
    _MORE + "ecdsa-sha384": hashes.SHA384(),
    _MORE + "ecdsa-sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class Redirected:
    """A message that came in an address; `signed` says whether a key of the connection signed it."""

    name: str
    octets: bytes
    relay_state: str
    signed: bool


def deflated(message: bytes) -> str:
    """A message as the redirect binding carries it, before percent-encoding."""
    compressor = zlib.compressobj(wbits=-15)
    return base64.b64encode(compressor.compress(message) + compressor.flush()).decode()


def redirect_query(name: str, message: bytes, relay_state: str, key: PrivateKey | None) -> str:
    """The query of an address, signed where there is a key; `name` is SAMLRequest or SAMLResponse."""
    query = f"{name}={quote_plus(deflated(message))}"
    if relay_state:
        query += f"&RelayState={quote_plus(relay_state)}"
    if key is None:
        return query
    query += f"&SigAlg={quote_plus(signature_algorithm(key))}"
    return f"{query}&Signature={quote_plus(base64.b64encode(signature_of(key, query.encode())).decode())}"


def post_fields(name: str, message: bytes, relay_state: str) -> dict[str, str]:
    """The fields of the form that a browser posts."""
    fields = {name: base64.b64encode(message).decode()}
    return {**fields, "RelayState": relay_state} if relay_state else fields


def redirected(query: bytes, trust: Trust) -> Redirected:
    """The message in the raw query of an address. Raises `SamlProblem`."""
    raw = _raw_parameters(query)
    names = [name for name in (b"SAMLRequest", b"SAMLResponse") if name in raw]
    if len(names) != 1:
        raise SamlProblem("wrong_parameters", "SAMLRequest or SAMLResponse", f"{len(names)} of them")
    name = names[0]
    signed = b"Signature" in raw or b"SigAlg" in raw
    if signed:
        _judge(name, raw, trust)
    octets = inflated(decoded_base64(_decoded(raw[name])))
    relay_state = _decoded(raw.get(b"RelayState", b"")).decode("utf-8", "replace")
    return Redirected(name.decode(), octets, relay_state[:MOST_RELAY_STATE], signed)


def _raw_parameters(query: bytes) -> dict[bytes, bytes]:
    if len(query) > MAX_BYTES:
        raise SamlProblem("too_large", f"at most {MAX_BYTES} bytes", f"{len(query)} bytes")
    found: dict[bytes, bytes] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        plain = _decoded(name)
        if plain in found:
            raise SamlProblem("wrong_parameters", "each parameter once", plain.decode("latin-1"))
        found[plain] = value
    return found


def _decoded(value: bytes) -> bytes:
    return unquote_to_bytes(value.replace(b"+", b" "))


def _judge(name: bytes, raw: Mapping[bytes, bytes], trust: Trust) -> None:
    if b"Signature" not in raw or b"SigAlg" not in raw:
        raise SamlProblem("wrong_parameters", "Signature and SigAlg", "one of them")
    parts = [name + b"=" + raw[name]]
    if b"RelayState" in raw:
        parts.append(b"RelayState=" + raw[b"RelayState"])
    parts.append(b"SigAlg=" + raw[b"SigAlg"])
    covered = b"&".join(parts)
    algorithm = _decoded(raw[b"SigAlg"]).decode("latin-1")
    value = decoded_base64(_decoded(raw[b"Signature"]))
    if algorithm not in _RSA and algorithm not in _EC:
        raise SamlProblem("signature_algorithm", "RSA or ECDSA with SHA-256, SHA-384 or SHA-512", algorithm)
    if not any(_fits(key, algorithm, value, covered) for key in trust.keys[:MOST_KEYS]):
        raise SamlProblem("wrong_key", "a signature made with a key of this connection", "one made with another key")


def _fits(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, algorithm: str, value: bytes, covered: bytes) -> bool:
    if not is_strong(key):
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            if algorithm not in _RSA:
                return False
            key.verify(value, covered, padding.PKCS1v15(), _RSA[algorithm])
            return True
        half = (key.curve.key_size + 7) // 8
        if algorithm not in _EC or len(value) != 2 * half:
            return False
        der = encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))
        key.verify(der, covered, ec.ECDSA(_EC[algorithm]))
    except InvalidSignature:
        return False
    return True


def inflated(octets: bytes) -> bytes:
    """What raw DEFLATE holds, at most 256 KiB. Raises `SamlProblem`."""
    inflater = zlib.decompressobj(wbits=-15)
    try:
        found = inflater.decompress(octets, MAX_BYTES + 1)
    except zlib.error:
        raise SamlProblem("not_deflated") from None
    if len(found) > MAX_BYTES:
        raise SamlProblem("too_large", f"at most {MAX_BYTES} bytes")
    if not inflater.eof or inflater.unused_data:
        raise SamlProblem("not_deflated")
    return found
