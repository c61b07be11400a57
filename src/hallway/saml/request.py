"""The request that begins a sign-in (SAML core §3.4.1, profiles §4.1.4.1)."""

from dataclasses import dataclass
from typing import Final

from hallway.saml.instant import instant_text
from hallway.saml.writing import element, within
from hallway.saml.xml import SAML, SAMLP, Element

POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
ID_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for. `name_id_format` and `context` are left out unless a connection sets them: many
    providers refuse what they cannot match exactly.
    """

    id: str
    destination: str
    entity_id: str
    acs_url: str
    at: int
    force: bool = False
    passive: bool = False
    name_id_format: str = ""
    context: str = ""


def request_id(random: bytes) -> str:
    """An ID that begins as an xs:ID must: `random` has at least 16 bytes."""
    if len(random) < 16:
        raise ValueError("an ID needs 128 random bits")
    return "_" + random.hex()


def authn_request(asked: Asked) -> Element:
    """The unsigned AuthnRequest."""
    root = element(
        SAMLP,
        "AuthnRequest",
        {
            "ID": asked.id,
            "Version": "2.0",
            "IssueInstant": instant_text(asked.at),
            "Destination": asked.destination,
            "AssertionConsumerServiceURL": asked.acs_url,
            "ProtocolBinding": POST,
            "ForceAuthn": "true" if asked.force else None,
            "IsPassive": "true" if asked.passive else None,
        },
    )
    root.append(element(SAML, "Issuer", text=asked.entity_id))
    policy = {"AllowCreate": "true", "Format": asked.name_id_format or None}
    root.append(element(SAMLP, "NameIDPolicy", policy))
    if asked.context:
        reference = element(SAML, "AuthnContextClassRef", text=asked.context)
        root.append(within(element(SAMLP, "RequestedAuthnContext", {"Comparison": "exact"}), reference))
    return root
