"""SAML: the request that sends somebody to her provider, and what its answer says.

Rules: the connection comes from the address that was called; its keys alone are asked; a request's ID names the
sign-in that waits, and the answer is held to it.
"""

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key
from cryptography.x509 import load_der_x509_certificate

from hallway.hub.connections.addresses import acs_url, entity_id
from hallway.hub.connections.model import Connection, KeyState, Mapping
from hallway.hub.connections.sealing import key_context
from hallway.hub.sign_in.desk import Purpose, SignInDesk
from hallway.hub.sign_in.model import Kind, Said, SignIn, TurnedAway
from hallway.saml.bindings import post_fields, redirect_query
from hallway.saml.request import Asked, authn_request
from hallway.saml.response import Attribute, Expectation, NameId, judged, received
from hallway.saml.response import SignIn as Judged
from hallway.saml.signature import PublicKey, Relaxation, Trust
from hallway.saml.writing import octets, signed

TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_EMAIL: Final = (
    "email", "mail", "Email", "emailaddress", "EmailAddress", "User.email",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "urn:oid:0.9.2342.19200300.100.1.3",
)  # fmt: skip
_FIRST: Final = (
    "firstname", "firstName", "FirstName", "first_name", "givenname", "givenName", "User.FirstName",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "urn:oid:2.5.4.42",
)  # fmt: skip
_LAST: Final = (
    "lastname", "lastName", "LastName", "last_name", "surname", "sn", "User.LastName",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "urn:oid:2.5.4.4",
)  # fmt: skip
_GROUPS: Final = (
    "groups", "memberOf", "group", "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
)  # fmt: skip
USUAL: Final = Mapping(_EMAIL, _FIRST, _LAST, _GROUPS)
"""The names that providers use, asked after those that the connection names itself."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a browser is sent: to an address, or, with fields, by a form that it posts there."""

    address: str
    fields: dict[str, str]


async def depart(desk: SignInDesk, connection: Connection, purpose: Purpose) -> Departure:
    """The way to the provider, once a sign-in waits for the answer."""
    token = desk.fresh_token("_")
    await desk.begin(connection, purpose, token, {})
    settings = connection.saml
    fresh = purpose.kind is Kind.AGAIN
    by_redirect = bool(settings.redirect_url)
    destination = settings.redirect_url or settings.post_url
    asked = Asked(
        token, destination, entity_id(desk.base_url, connection), acs_url(desk.base_url, connection), desk.clock(),
        force=fresh, name_id_format=settings.name_id_format,
    )  # fmt: skip
    key, root = own_key(desk, connection), authn_request(asked)
    if not by_redirect:
        return Departure(destination, post_fields("SAMLRequest", octets(signed(root, key)), token[1:33]))
    query = redirect_query("SAMLRequest", octets(root), token[1:33], key)
    return Departure(f"{destination}{'&' if '?' in destination else '?'}{query}", {})


async def arrive(desk: SignInDesk, connection: Connection, message: bytes) -> tuple[SignIn | None, Said]:
    """What an answer says, and the sign-in that it answers; None where it was not asked for and need not be.

    Raises `SamlProblem`, and `TurnedAway` for a genuine answer to nothing that waits.
    """
    answer = received(message)
    token = answer.unverified_request
    sign_in = None if token is None else await desk.waiting(connection, token)
    settings = connection.saml
    expected = Expectation(
        issuer=settings.idp_entity_id,
        entity_id=entity_id(desk.base_url, connection),
        acs_url=_sent_to(desk, connection, answer.unverified_destination),
        trust=trust_of(connection),
        now=desk.clock(),
        request_id=token,
        unsolicited=connection.allow_idp_initiated,
        fresh_since=sign_in.created_at if sign_in is not None and sign_in.kind is Kind.AGAIN else None,
        decryption_keys=own_keys(desk, connection),
        both_signed=settings.both_signed,
    )
    said = said_of(connection, judged(answer, expected))
    if token is not None and sign_in is None:
        raise TurnedAway("no_request")
    return sign_in, said


def _sent_to(desk: SignInDesk, connection: Connection, destination: str | None) -> str:
    """The address that the answer is judged by: ours, or one that this connection stands in for, if it says so."""
    own = acs_url(desk.base_url, connection)
    return destination if destination is not None and destination in connection.saml.more_acs_urls else own


def trust_of(connection: Connection) -> Trust:
    """The keys that may sign for this connection."""
    kept = [_public_key(one.certificate) for one in connection.saml.keys if one.state is KeyState.TRUSTED]
    return Trust(tuple(kept), frozenset(Relaxation(name) for name in connection.saml.relaxations))


def own_key(desk: SignInDesk, connection: Connection) -> rsa.RSAPrivateKey:
    """Our private key of this connection."""
    return _private_key(desk.vault.decrypt(connection.sealed, key_context(connection.id)))


def own_keys(desk: SignInDesk, connection: Connection) -> tuple[rsa.RSAPrivateKey, ...]:
    """The same, and the one of our other certificate: what is encrypted to either can be opened."""
    first, other = own_key(desk, connection), connection.saml.other_key
    if not other:
        return (first,)
    return first, _private_key(desk.vault.decrypt(base64.b64decode(other), key_context(connection.id)))


@lru_cache(256)
def _private_key(der: bytes) -> rsa.RSAPrivateKey:
    key = load_der_private_key(der, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("our keys are RSA")
    return key


@lru_cache(1024)
def _public_key(certificate: bytes) -> PublicKey:
    key = load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise TypeError("a connection keeps RSA and elliptic curve keys only")
    return key


def said_of(connection: Connection, judged_answer: Judged) -> Said:
    """What a judged response says, in the words of every protocol."""
    kept = {one.name: list(one.values) for one in judged_answer.attributes}
    for one in judged_answer.attributes:
        if one.friendly_name:
            kept.setdefault(one.friendly_name, list(one.values))
    name_id = judged_answer.name_id
    email = first_of(kept, connection.mapping.email, USUAL.email)
    if not email and "@" in name_id.value:
        email = name_id.value.strip(" \t\r\n")
    return Said(
        subject=subject_of(name_id),
        shown=name_id.value,
        message=judged_answer.assertion_id,
        until=judged_answer.until,
        authenticated_at=judged_answer.authenticated_at,
        email=email,
        first_name=first_of(kept, connection.mapping.first_name, USUAL.first_name),
        last_name=first_of(kept, connection.mapping.last_name, USUAL.last_name),
        groups=tuple(all_of(kept, connection.mapping.groups, USUAL.groups)),
        user_name=name_id.value,
        external_id=name_id.value,
        transient=name_id.format == TRANSIENT,
        session_index=judged_answer.session_index,
        session_ends_at=judged_answer.session_ends_at,
        name_id={
            "value": name_id.value,
            "format": name_id.format,
            "name_qualifier": name_id.name_qualifier,
            "sp_name_qualifier": name_id.sp_name_qualifier,
        },
        attributes=_by_name(judged_answer.attributes),
        facts={
            "in_response_to": judged_answer.in_response_to,
            "context": judged_answer.context,
            "response_signed": judged_answer.response_signed,
            "encrypted": judged_answer.encrypted,
            "name_id_format": name_id.format,
        },
    )


def subject_of(name_id: NameId) -> str:
    """A name that no two people of a provider share: value and qualifiers, each with its length before it."""
    parts = (name_id.value, name_id.name_qualifier, name_id.sp_name_qualifier)
    return "".join(f"{len(part)}:{part}" for part in parts)


def _by_name(attributes: tuple[Attribute, ...]) -> dict[str, list[str]]:
    return {one.name: list(one.values) for one in attributes}


def first_of(kept: dict[str, list[str]], own: tuple[str, ...], usual: tuple[str, ...]) -> str:
    """The first value under the connection's own names, else under the usual ones, "" for none."""
    found = all_of(kept, own, usual)
    return found[0].strip() if found else ""


def all_of(kept: dict[str, list[str]], own: tuple[str, ...], usual: tuple[str, ...]) -> list[str]:
    """Every value under the first name that has one; where the connection has names of its own, only those count."""
    for name in own or usual:
        values = [value for value in kept.get(name, []) if value.strip()]
        if values:
            return values
    return []
