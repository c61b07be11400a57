"""Enveloped XML signatures in one frozen profile: judged here, and nowhere else.

Rules: the shape first, then the signature over SignedInfo, then the digest, so that nobody without a key makes us
canonicalise what he wrote; the reference names the parent of the signature, which is never searched for by its ID;
keys are arguments, KeyInfo is ignored; what is returned was parsed anew out of the very octets that were digested.

Profile: exclusive canonicalisation; RSA (PKCS #1 v1.5) or ECDSA with SHA-256, 384 or 512; SHA-1 only where the
caller relaxes it by name; one reference, with the transforms enveloped-signature and exclusive canonicalisation.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hallway.saml.problem import SamlProblem
from hallway.saml.xml import (
    DS,
    EXC_C14N,
    MAX_PREFIXES,
    SAML,
    SAMLP,
    Element,
    canonical,
    children,
    decoded_base64,
    named,
    only_text,
    parsed_again,
)

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

MOST_KEYS: Final = 4
LEAST_RSA_BITS: Final = 2048
MOST_RSA_BITS: Final = 8192
_SIGNATURE: Final = named(DS, "Signature")
_ASSERTION: Final = named(SAML, "Assertion")
_ENCRYPTED: Final = named(SAML, "EncryptedAssertion")
_RESPONSE: Final = named(SAMLP, "Response")
_ENVELOPED: Final = DS + "enveloped-signature"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_XMLENC: Final = "http://www.w3.org/2001/04/xmlenc#"


class Relaxation(Enum):
    """What a connection may be allowed beyond the profile, by its alarming name."""

    ACCEPT_SHA1_SIGNATURES = "accept_sha1_signatures"


_METHODS: Final[dict[str, tuple[type, hashes.HashAlgorithm]]] = {
    _MORE + "rsa-sha256": (rsa.RSAPublicKey, hashes.SHA256()),
    _MORE + "rsa-sha384": (rsa.RSAPublicKey, hashes.SHA384()),
    _MORE + "rsa-sha512": (rsa.RSAPublicKey, hashes.SHA512()),
    _MORE + "ecdsa-sha256": (ec.EllipticCurvePublicKey, hashes.SHA256()),
    _MORE + "ecdsa-sha384": (ec.EllipticCurvePublicKey, hashes.SHA384()),
    _MORE + "ecdsa-sha512": (ec.EllipticCurvePublicKey, hashes.SHA512()),
}
_SHA1_METHODS: Final[dict[str, tuple[type, hashes.HashAlgorithm]]] = {
    DS + "rsa-sha1": (rsa.RSAPublicKey, hashes.SHA1()),  # noqa: S303 - a relaxation by name
}
_DIGESTS: Final = {
    _XMLENC + "sha256": "sha256",
    _MORE + "sha384": "sha384",
    _XMLENC + "sha512": "sha512",
}
_SHA1_DIGESTS: Final = {DS + "sha1": "sha1"}


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys of one connection, and what it is allowed beyond the profile."""

    keys: tuple[PublicKey, ...]
    relaxations: frozenset[Relaxation] = frozenset()


@dataclass(frozen=True, slots=True)
class Verified:
    """What a signature covers: its root, parsed out of `octets`, with the signature itself taken out.

    `key` is the one of `Trust` that fits, by its place.
    """

    root: Element
    octets: bytes
    key: int


@dataclass(frozen=True, slots=True)
class _Claim:
    """A signature whose shape is in the profile, not yet verified."""

    signed_info: bytes
    value: bytes
    method: str
    digest_method: str
    digest: bytes
    prefixes: tuple[str, ...]


def verified(element: Element, trust: Trust) -> Verified | None:
    """What `element`'s own enveloped signature covers, None where it has none. Raises `SamlProblem`.

    `element` is taken out of the document that it came in: its signature is removed from the tree.
    """
    signatures = children(element, DS, "Signature")
    if not signatures:
        return None
    if len(signatures) > 1:
        raise SamlProblem("signature_shape", "one signature in an element", f"{len(signatures)}")
    signature = signatures[0]
    claim = _claim(signature, element)
    place = _fitting_key(claim, trust)
    _without(signature, element)
    octets = canonical(element, claim.prefixes)
    hash_name = _chosen(_DIGESTS, _SHA1_DIGESTS, claim.digest_method, trust)
    if not hmac.compare_digest(hashlib.new(hash_name, octets).digest(), claim.digest):
        raise SamlProblem("wrong_digest", "the element as it was signed", "another one")
    return Verified(parsed_again(octets), octets, place)


def refuse_strange_signatures(root: Element) -> None:
    """Refuse signatures at any other place than in the root or in an assertion that is its child."""
    for element in root.iter(_SIGNATURE, _ASSERTION, _ENCRYPTED, _RESPONSE):
        parent = element.getparent()
        if parent is root or element is root:
            continue
        if element.tag != _SIGNATURE:
            raise SamlProblem("wrong_shape", "assertions directly in the response", _place(element))
        if parent is None or parent.tag != _ASSERTION or parent.getparent() is not root:
            raise SamlProblem("signature_shape", "signatures of the response or its assertion only", _place(element))


def _place(element: Element) -> str:
    names = [str(one.tag).rpartition("}")[2] for one in (*reversed(list(element.iterancestors())), element)]
    return "/".join(names)


def _claim(signature: Element, parent: Element) -> _Claim:
    parts = list(signature)
    names = [part.tag for part in parts]
    wanted = [named(DS, "SignedInfo"), named(DS, "SignatureValue")]
    if names not in (wanted, [*wanted, named(DS, "KeyInfo")]) or not _is_bare(signature):
        raise SamlProblem("signature_shape", "SignedInfo, SignatureValue and at most KeyInfo", _listed(parts))
    signed_info, value = parts[0], parts[1]
    inner = list(signed_info)
    wanted = [named(DS, "CanonicalizationMethod"), named(DS, "SignatureMethod"), named(DS, "Reference")]
    if [part.tag for part in inner] != wanted or not _is_bare(signed_info):
        raise SamlProblem("signature_shape", "one method of each kind and one reference", _listed(inner))
    own_prefixes = _exclusive(inner[0])
    if len(inner[1]) or not _is_bare(inner[1]):
        raise SamlProblem("signature_shape", "a signature method without parameters", _listed(list(inner[1])))
    digest_method, digest, prefixes = _reference(inner[2], parent)
    return _Claim(
        canonical(signed_info, own_prefixes),
        _octets(value),
        inner[1].get("Algorithm", ""),
        digest_method,
        digest,
        prefixes,
    )


def _reference(reference: Element, parent: Element) -> tuple[str, bytes, tuple[str, ...]]:
    own_id = parent.get("ID", "")
    if not own_id or reference.get("URI") != "#" + own_id:
        raise SamlProblem("signature_reference", "#" + own_id, reference.get("URI") or "no URI")
    parts = list(reference)
    wanted = [named(DS, "Transforms"), named(DS, "DigestMethod"), named(DS, "DigestValue")]
    if [part.tag for part in parts] != wanted or not _is_bare(reference):
        raise SamlProblem("signature_shape", "transforms, digest method and digest", _listed(parts))
    transforms = list(parts[0])
    if len(transforms) != 2 or any(one.tag != named(DS, "Transform") for one in transforms) or not _is_bare(parts[0]):
        raise SamlProblem("signature_shape", "two transforms", _listed(transforms))
    if transforms[0].get("Algorithm") != _ENVELOPED or len(transforms[0]) or not _is_bare(transforms[0]):
        raise SamlProblem("signature_algorithm", _ENVELOPED, transforms[0].get("Algorithm") or "none")
    prefixes = _exclusive(transforms[1])
    if len(parts[1]) or not _is_bare(parts[1]):
        raise SamlProblem("signature_shape", "a digest method without parameters", _listed(list(parts[1])))
    return parts[1].get("Algorithm", ""), _octets(parts[2]), prefixes


def _exclusive(method: Element) -> tuple[str, ...]:
    """The prefixes of an exclusive canonicalisation. Raises `SamlProblem` for any other."""
    if method.get("Algorithm") != EXC_C14N:
        raise SamlProblem("signature_algorithm", EXC_C14N, method.get("Algorithm") or "none")
    inner = list(method)
    if not inner and _is_bare(method):
        return ()
    if len(inner) != 1 or inner[0].tag != named(EXC_C14N, "InclusiveNamespaces") or len(inner[0]):
        raise SamlProblem("signature_shape", "at most InclusiveNamespaces", _listed(inner))
    prefixes = tuple(inner[0].get("PrefixList", "").split())
    if len(prefixes) > MAX_PREFIXES or not _is_bare(method) or not _is_bare(inner[0]):
        raise SamlProblem("out_of_bounds", f"at most {MAX_PREFIXES} prefixes", f"{len(prefixes)}")
    return prefixes


def _is_bare(element: Element) -> bool:
    """Whether nothing but white space stands around its children."""
    return not (element.text or "").strip() and all(not (child.tail or "").strip() for child in element)


def _listed(parts: Sequence[Element]) -> str:
    return ", ".join(str(part.tag).rpartition("}")[2] for part in parts) or "nothing"


def _octets(element: Element) -> bytes:
    octets = decoded_base64(only_text(element).encode())
    if not octets:
        raise SamlProblem("signature_shape", f"a value in {element.tag}", "nothing")
    return octets


def _chosen(strict: dict[str, str], relaxed: dict[str, str], asked: str, trust: Trust) -> str:
    if asked in strict:
        return strict[asked]
    if asked in relaxed and Relaxation.ACCEPT_SHA1_SIGNATURES in trust.relaxations:
        return relaxed[asked]
    raise SamlProblem("signature_algorithm", "SHA-256, SHA-384 or SHA-512", asked or "none")


def _fitting_key(claim: _Claim, trust: Trust) -> int:
    """The place of the key that made the signature. Raises `SamlProblem`."""
    chosen = _METHODS.get(claim.method)
    if chosen is None and Relaxation.ACCEPT_SHA1_SIGNATURES in trust.relaxations:
        chosen = _SHA1_METHODS.get(claim.method)
    if chosen is None:
        raise SamlProblem("signature_algorithm", "RSA or ECDSA with SHA-256, SHA-384 or SHA-512", claim.method)
    _chosen(_DIGESTS, _SHA1_DIGESTS, claim.digest_method, trust)
    family, algorithm = chosen
    for place, key in enumerate(trust.keys[:MOST_KEYS]):
        if isinstance(key, family) and is_strong(key) and _fits(key, claim, algorithm):
            return place
    raise SamlProblem("wrong_key", "a signature made with a key of this connection", "one made with another key")


def is_strong(key: PublicKey) -> bool:
    """Whether a key may be trusted at all: RSA of 2048 to 8192 bits, or one of three curves."""
    if isinstance(key, rsa.RSAPublicKey):
        return LEAST_RSA_BITS <= key.key_size <= MOST_RSA_BITS and key.public_numbers().e >= 3
    return isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1)


def _fits(key: PublicKey, claim: _Claim, algorithm: hashes.HashAlgorithm) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(claim.value, claim.signed_info, padding.PKCS1v15(), algorithm)
        else:
            key.verify(_der(claim.value, key), claim.signed_info, ec.ECDSA(algorithm))
    except InvalidSignature:
        return False
    return True


def _der(value: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """r and s, which XML signatures write one after the other (RFC 4050 §3.3), as cryptography wants them."""
    half = (key.curve.key_size + 7) // 8
    if len(value) != 2 * half:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))


def _without(signature: Element, parent: Element) -> None:
    """Take a signature out of its parent; the text behind it stays."""
    tail = signature.tail or ""
    before = signature.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(signature)
