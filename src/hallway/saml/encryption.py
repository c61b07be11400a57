"""Opening an encrypted assertion (XML Encryption 1.1), in one frozen profile.

Rules: AES-GCM; AES-CBC only where the signature of the response around it was verified, since it can be changed
without being noticed; RSA-OAEP, never RSA PKCS #1 v1.5; one answer for whatever went wrong. The plaintext is judged
as any octets from outside are.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from hallway.saml.problem import SamlProblem
from hallway.saml.xml import DS, SAML, XENC, Element, children, decoded_base64, named, only_text, parsed

_XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
_GCM: Final = {_XENC11 + "aes128-gcm": 16, _XENC11 + "aes192-gcm": 24, _XENC11 + "aes256-gcm": 32}
_CBC: Final = {XENC + "aes128-cbc": 16, XENC + "aes192-cbc": 24, XENC + "aes256-cbc": 32}
_OAEP: Final = frozenset({XENC + "rsa-oaep-mgf1p", _XENC11 + "rsa-oaep"})
_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    DS + "sha1": hashes.SHA1(),  # noqa: S303 - in OAEP its weakness is of no use
    XENC + "sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384(),
    XENC + "sha512": hashes.SHA512(),
}
_MGF: Final[dict[str, hashes.HashAlgorithm]] = {
    _XENC11 + "mgf1sha1": hashes.SHA1(),  # noqa: S303
    _XENC11 + "mgf1sha256": hashes.SHA256(),
    _XENC11 + "mgf1sha384": hashes.SHA384(),
    _XENC11 + "mgf1sha512": hashes.SHA512(),
}
_NONCE_BYTES: Final = 12
_BLOCK_BYTES: Final = 16
_MOST_KEYS: Final = 4


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The parts of an encrypted element."""

    cipher: str
    key_bytes: int
    data: bytes
    wrapped: bytes
    oaep: padding.OAEP


def opened(encrypted: Element, keys: tuple[rsa.RSAPrivateKey, ...], covered: bool) -> Element:
    """The root of the assertion that an `EncryptedAssertion` holds; `covered` says that a verified signature covers it.

    Raises `SamlProblem`, with nothing that tells one failure of opening from another.
    """
    sealed = _sealed(encrypted, covered)
    for key in keys[:_MOST_KEYS]:
        plaintext = _plaintext(sealed, key)
        if plaintext is not None:
            return _assertion(plaintext)
    raise _failure()


def _failure() -> SamlProblem:
    return SamlProblem("not_decrypted", "an assertion encrypted for the key in our metadata")


def _assertion(plaintext: bytes) -> Element:
    try:
        root = parsed(plaintext)
    except SamlProblem:
        raise _failure() from None
    if root.tag != named(SAML, "Assertion"):
        raise _failure()
    return root


def _sealed(encrypted: Element, covered: bool) -> _Sealed:
    data = _only(encrypted, XENC, "EncryptedData")
    method = _only(data, XENC, "EncryptionMethod").get("Algorithm", "")
    key_bytes = _GCM.get(method) or (_CBC.get(method) if covered else None)
    if key_bytes is None:
        raise SamlProblem("not_decrypted", "AES-GCM, or AES-CBC in a signed response", method)
    info = children(data, DS, "KeyInfo")
    inside = [key for one in info for key in children(one, XENC, "EncryptedKey")]
    wrapped = [*inside, *children(encrypted, XENC, "EncryptedKey")]
    if len(wrapped) != 1:
        raise SamlProblem("not_decrypted", "one encrypted key", f"{len(wrapped)}")
    return _Sealed(method, key_bytes, _value(data), _value(wrapped[0]), _oaep(wrapped[0]))


def _only(element: Element, namespace: str, name: str) -> Element:
    found = children(element, namespace, name)
    if len(found) != 1:
        raise SamlProblem("not_decrypted", f"one {name}", f"{len(found)}")
    return found[0]


def _value(element: Element) -> bytes:
    return decoded_base64(only_text(_only(_only(element, XENC, "CipherData"), XENC, "CipherValue")).encode())


def _oaep(key: Element) -> padding.OAEP:
    method = _only(key, XENC, "EncryptionMethod")
    if method.get("Algorithm") not in _OAEP:
        raise SamlProblem("not_decrypted", "RSA-OAEP", method.get("Algorithm") or "none")
    digest, mask = DS + "sha1", _XENC11 + "mgf1sha1"
    for one in method:
        if one.tag == named(DS, "DigestMethod"):
            digest = one.get("Algorithm", "")
        elif one.tag == named(_XENC11, "MGF") and method.get("Algorithm") == _XENC11 + "rsa-oaep":
            mask = one.get("Algorithm", "")
        else:
            raise SamlProblem("not_decrypted", "RSA-OAEP without a label", str(one.tag))
    if digest not in _DIGESTS or mask not in _MGF:
        raise SamlProblem("not_decrypted", "RSA-OAEP with SHA-1, SHA-256, SHA-384 or SHA-512", f"{digest} {mask}")
    return padding.OAEP(padding.MGF1(_MGF[mask]), _DIGESTS[digest], None)


def _plaintext(sealed: _Sealed, key: rsa.RSAPrivateKey) -> bytes | None:
    try:
        content_key = key.decrypt(sealed.wrapped, sealed.oaep)
    except ValueError:
        return None
    if len(content_key) != sealed.key_bytes:
        return None
    if sealed.cipher in _GCM:
        return _gcm(content_key, sealed.data)
    return _cbc(content_key, sealed.data)


def _gcm(key: bytes, data: bytes) -> bytes | None:
    try:
        return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        return None


def _cbc(key: bytes, data: bytes) -> bytes | None:
    """Only the last octet of the padding counts (XML Encryption §5.2.2)."""
    if len(data) < 2 * _BLOCK_BYTES or len(data) % _BLOCK_BYTES:
        return None
    decryptor = Cipher(AES(key), CBC(data[:_BLOCK_BYTES])).decryptor()
    padded = decryptor.update(data[_BLOCK_BYTES:]) + decryptor.finalize()
    length = padded[-1]
    return padded[:-length] if 1 <= length <= _BLOCK_BYTES else None
