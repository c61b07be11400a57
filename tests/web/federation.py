"""A SAML connection of an organization, and the provider behind it, whose keys the tests hold."""

import base64
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from hallway.hub.connections.addresses import acs_url, entity_id
from hallway.hub.connections.model import (
    Connection,
    ConnectionState,
    KeyState,
    NewConnection,
    Protocol,
    Provider,
    ProviderKey,
    SamlSettings,
)
from hallway.hub.connections.sealing import key_context
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.proving import add as add_domain
from hallway.hub.organizations.proving import mark_proved
from hallway.ids import ConnectionId
from hallway.journal.model import Change
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import OPERATOR
from tests.saml.sender import MINUTE, Login, Signing, encrypted, message, rsa_key, signed
from tests.web.asgi import call

if TYPE_CHECKING:
    from tests.web.browsing import Browser

IDP = "https://idp.example/metadata"
SSO = "https://idp.example/sso"
SLO = "https://idp.example/slo"
STRANGER: Final = {
    "accept": "text/html",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "content-type": "application/x-www-form-urlencoded",
    "sec-fetch-site": "cross-site",
    "origin": "https://idp.example",
}
"""What a browser sends with the provider's form: none of our cookies."""


@cache
def certificate(name: str) -> bytes:
    """A certificate (DER) of a key by name."""
    key = rsa_key(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=365))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def metadata(*keys: str, entity: str = IDP, sso: str = SSO) -> bytes:
    """What a provider with these keys says of itself."""
    listed = "".join(
        f'<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
        f"{packed(certificate(key))}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        for key in keys
    )
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    return (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}"><IDPSSODescriptor '
        f'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{listed}'
        f'<SingleSignOnService Binding="{binding}" Location="{sso}"/></IDPSSODescriptor></EntityDescriptor>'
    ).encode()


@dataclass
class Federation:
    """One connection and its provider."""

    hub: Hub
    connection: Connection

    @property
    def path(self) -> str:
        return f"/sso/{self.connection.id.hex()}"

    @property
    def base(self) -> str:
        return self.hub.settings.base_url

    async def again(self) -> "Federation":
        """The same, as it is now."""
        found = await self.hub.stores.connections.located(self.connection.id)
        assert found is not None
        self.connection = found
        return self

    def login(self, asked: str | None, **changes: Any) -> Login:
        """What the provider says of somebody, now."""
        now = datetime.now(UTC).replace(microsecond=0)
        usual: dict[str, Any] = {
            "assertion_id": f"_a{clock()}", "response_id": f"_r{clock()}", "issuer": IDP, "response_issuer": IDP,
            "audience": (entity_id(self.base, self.connection),), "recipient": acs_url(self.base, self.connection),
            "destination": acs_url(self.base, self.connection), "in_response_to": asked, "confirmed_for": asked,
            "issued": now, "not_before": now - MINUTE, "not_after": now + 5 * MINUTE,
            "confirmed_until": now + 5 * MINUTE, "authenticated": now,
        }  # fmt: skip
        return Login(**{**usual, **changes})

    def response(self, asked: str | None, sign: str = "assertion", how: Signing | None = None, **changes: Any) -> str:
        """A signed response, as the form has it."""
        return packed(message(self.login(asked, **changes), sign, how))

    def sealed_response(self, asked: str | None, **changes: Any) -> str:
        """One whose assertion is signed, then encrypted to our certificate."""
        root = self.login(asked, **changes).tree()
        signed(root.find("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"))
        key = x509.load_der_x509_certificate(self.connection.saml.certificates[0]).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        return packed(etree.tostring(encrypted(root, key=rsa_key("sp"))))

    async def asked(self, browser: "Browser", path: str | None = None) -> str:
        """Go to the provider; the id of the request that it got."""
        await browser.get(path or self.path)
        return request_of(browser.page.headers["location"])

    async def posted(self, browser: "Browser", response: str, **more: str) -> Any:
        """The provider's page posts to ours: another site's form, without our cookies."""
        body = urlencode({"SAMLResponse": response, **more}).encode()
        return await call(browser.app, "POST", f"{self.path}/acs", STRANGER, body, browser.address)

    async def signed_in(self, browser: "Browser", path: str | None = None, **changes: Any) -> Any:
        """The whole way; the answer of the page that takes it up."""
        asked = await self.asked(browser, path)
        answer = await self.posted(browser, self.response(asked, **changes))
        assert answer.status == 303, answer.body
        return await browser.get(answer.headers["location"])


def packed(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def request_of(location: str) -> str:
    """The ID of the AuthnRequest in an address."""
    packed_request = parse_qs(urlsplit(location).query)["SAMLRequest"][0]
    root = etree.fromstring(zlib.decompress(base64.b64decode(packed_request), -15))
    return str(root.get("ID"))


async def federated(hub: Hub, organization: Organization, domain: str = "acme.example", **changes: Any) -> Federation:
    """An active connection whose provider is the tests', with a proved domain."""
    added = await add_domain(hub.domain_desk, organization, domain, OPERATOR)
    await mark_proved(hub.domain_desk, added, OPERATOR)
    own = ConnectionId(hub.desk.fresh_id())
    private = rsa_key("sp").private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    saml = SamlSettings(
        IDP,
        SSO,
        "",
        SLO,
        keys=(ProviderKey(certificate("idp"), KeyState.TRUSTED, 1),),
        certificates=(certificate("sp"),),
    )
    made = Connection(
        own, organization.id, "Acme sign-in", Protocol.SAML, Provider.OTHER, ConnectionState.ACTIVE, clock(), saml,
        sealed=hub.keys.encrypt(private, key_context(own)), domains=(domain,),
    )  # fmt: skip
    made = replace(made, **changes)
    await hub.stores.database.commit(Change(organization.id, (NewConnection(made),)))
    return Federation(hub, made)
