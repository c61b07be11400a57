"""Messages that cost other libraries seconds, as large as is taken, and what they are refused with."""

import base64
import zlib
from collections.abc import Callable, Mapping

from tests.saml.sender import DS, ENVELOPED, EXC, Signing, message, rsa_key

INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
MOST = 256 * 1024


def _in_assertion(octets: bytes, inside: bytes) -> bytes:
    return octets.replace(b"<saml:Assertion ", b"<saml:Assertion " + inside + b" ", 1)


def attributes(count: int) -> bytes:
    """A genuine message, and its genuine SignedInfo, with more attributes on the assertion that it covers."""
    return _in_assertion(message(), b" ".join(b'a%d="1"' % n for n in range(count)))


def namespaces(how: Signing | None = None) -> bytes:
    """5,000 namespaces, and 2,000 children that a canonicalisation would carry them to."""
    declared = b" ".join(b'xmlns:a%d="u:%d"' % (n, n) for n in range(5_000))
    octets = _in_assertion(message(how=how), declared)
    return octets.replace(b"</saml:Assertion>", b"<x/>" * 2_000 + b"</saml:Assertion>")


def transform_order() -> bytes:
    """A stranger's signature with transforms before the one that takes it out, over as much as is taken."""
    how = Signing(rsa_key("evil"), transforms=(XPATH, INCLUSIVE, ENVELOPED, EXC))
    octets = message(how=how)
    return octets.replace(b"<saml:Subject>", b"<x>" + b"<y a='1'/>" * 4_000 + b"</x><saml:Subject>")


def bomb() -> bytes:
    """A message in an address, as redirects carry it, that would inflate to 100 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(b" " * 100_000_000) + packer.flush()


POSTED: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "transforms in an order that costs": (transform_order, "signature_shape"),
    "12,000 attributes": (lambda: attributes(12_000), "out_of_bounds"),
    "as many attributes as there is room for": (lambda: attributes(22_000), "out_of_bounds"),
    "5,000 namespaces on 2,000 children, inclusive": (
        lambda: namespaces(Signing(canonicalization=INCLUSIVE, transforms=(ENVELOPED, INCLUSIVE))),
        "out_of_bounds",
    ),
    "5,000 namespaces on 2,000 children, exclusive": (namespaces, "out_of_bounds"),
    "a prefix list of 20,000": (
        lambda: message(how=Signing(prefixes=[f"p{n}" for n in range(20_000)])),
        "out_of_bounds",
    ),
    "a prefix list of 10,000": (
        lambda: message(how=Signing(prefixes=[f"p{n}" for n in range(10_000)])),
        "out_of_bounds",
    ),
    "60,000 elements": (lambda: b"<r>" + b"<a/>" * 60_000 + b"</r>", "out_of_bounds"),
    "4,999 elements, each with an ID": (
        lambda: b"<r>" + b"".join(b'<a ID="_%d"/>' % n for n in range(4_999)) + b"</r>",
        "wrong_shape",
    ),
    "250 deep": (lambda: b"<a>" * 250 + b"</a>" * 250, "out_of_bounds"),
    "4,000 deep": (lambda: b"<a>" * 4_000 + b"</a>" * 4_000, "not_xml"),
    "256 KiB of entities": (lambda: b"<r>" + b"&lt;" * 65_000 + b"</r>", "wrong_shape"),
    "more than is taken": (lambda: b"<" * (MOST + 1), "too_large"),
    "a signature of 60,000 octets": (
        lambda: message().replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>" + b"AAAA" * 15_000),
        "wrong_key",
    ),
    "a billion laughs": (
        lambda: (
            b'<!DOCTYPE r [<!ENTITY a "'
            + b"x" * 100
            + b'">'
            + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a;" * 10) for n in range(10))
            + b"]><r>&a9;</r>"
        ),
        "forbidden_markup",
    ),
    "500 signatures": (
        lambda: message().replace(
            b"</saml:Assertion>", b'<ds:Signature xmlns:ds="%s"/>' % DS.encode() * 500 + b"</saml:Assertion>"
        ),
        "signature_shape",
    ),
}
"""What comes by POST, with the code that it is refused with."""


def encoded(octets: bytes) -> bytes:
    """As it comes in a form."""
    return base64.b64encode(octets)
