"""The response that is measured: an assertion with five attributes, and more, signed, its certificate beside."""

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from lxml import etree

from tests.saml.sender import DS, Login, assertion_of, rsa_key, signed

AT: Final = datetime.now(UTC).replace(microsecond=0)
ADA: Final = "ada@acme.example"


@cache
def certificate() -> x509.Certificate:
    """The provider's."""
    key, name = rsa_key("idp"), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    day = timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, AT - day, AT + 365 * day)
    return made.sign(key, hashes.SHA256())


def usual_login(more: int = 0, **changes: Any) -> Login:
    """What the provider says of Ada, by five attributes and `more`."""
    usual: dict[str, Any] = {
        "issued": AT,
        "not_before": AT - timedelta(minutes=5),
        "not_after": AT + timedelta(hours=1),
        "confirmed_until": AT + timedelta(hours=1),
        "authenticated": AT,
        "attributes": (
            ("email", (ADA,)),
            ("firstName", ("Ada",)),
            ("lastName", ("Lovelace",)),
            ("department", ("Analytical Engines",)),
            ("groups", ("Everyone", "Engineers", "R and D")),
            *((f"attribute{n}", (f"value {n}",)) for n in range(more)),
        ),
    }
    return Login(**{**usual, **changes})


def posted(login: Login) -> bytes:
    """The response as it comes in a form, in base64."""
    root = login.tree()
    signature = signed(assertion_of(root)).find(f"{{{DS}}}Signature")
    der = base64.b64encode(certificate().public_bytes(serialization.Encoding.DER)).decode()
    signature.append(
        etree.fromstring(
            f'<ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data>'
            "</ds:KeyInfo>"
        )
    )
    return base64.b64encode(etree.tostring(root))
