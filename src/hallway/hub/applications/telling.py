"""What an application is told of a person: the claims, and the tokens that carry them."""

from dataclasses import dataclass, field
from typing import Final

from hallway.accounts.model import SSO_METHOD
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.living import Living
from hallway.hub.applications.model import Application
from hallway.ids import CONNECTION, GRANT, MEMBER, ORGANIZATION, wire
from hallway.oidc.issuing import ACCESS_SECONDS, Authentication, Person, access_token, claims_of, id_token
from hallway.oidc.json import JsonObject

ACCESS_ALGORITHM: Final = "ES256"
_AMR: Final = {"password": "pwd", "passkey": "pop", "code": "otp", "recovery code": "otp"}
"""RFC 8176's words for our methods; `fed` for a connection, which has none there, is what others say too."""
_JTI_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Issued:
    """An answer of the token endpoint; `refresh_token` and `id_token` are "" for a machine."""

    access_token: str = field(repr=False)
    scopes: tuple[str, ...]
    refresh_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)

    def document(self) -> JsonObject:
        """As it is sent (RFC 6749 §5.1)."""
        told: JsonObject = {
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "scope": " ".join(self.scopes),
        }
        more: JsonObject = {"refresh_token": self.refresh_token, "id_token": self.id_token}
        return told | {name: value for name, value in more.items() if value}


async def issued(
    desk: ApplicationDesk, found: Living, scopes: tuple[str, ...], refresh_token: str, nonce: str = ""
) -> Issued:
    """The tokens of a grant that is alive."""
    grant, application = found.grant, found.application
    envelope = desk.envelope(application)
    named: JsonObject = {
        "jti": desk.entropy(_JTI_BYTES).hex(),
        "org": wire(ORGANIZATION, grant.organization_id),
        "grant": wire(GRANT, grant.id),
    }
    key = await desk.signing.key(ACCESS_ALGORITHM)
    access = access_token(envelope, wire(MEMBER, grant.member_id), scopes, named, key)
    if "openid" not in scopes:
        return Issued(access, scopes, refresh_token)
    authentication = Authentication(grant.authenticated_at, amr(grant.methods), grant.sid, nonce)
    claims = claims_of(await person(desk, found), scopes)
    own = await desk.signing.key(application.algorithm)
    return Issued(access, scopes, refresh_token, id_token(envelope, claims, authentication, access, own))


async def machine_token(desk: ApplicationDesk, application: Application, scopes: tuple[str, ...]) -> Issued:
    """An access token for an application itself; it names no grant."""
    named: JsonObject = {"jti": desk.entropy(_JTI_BYTES).hex()}
    key = await desk.signing.key(ACCESS_ALGORITHM)
    return Issued(access_token(desk.envelope(application), application.client_id, scopes, named, key), scopes)


async def person(desk: ApplicationDesk, found: Living) -> Person:
    """Who the grant is about, as she is now."""
    member, organization, connection = found.member, found.organization, found.grant.connection_id
    known = await desk.circle.profiles.known(organization, member, found.account)
    told: JsonObject = {
        "id": wire(ORGANIZATION, organization.id),
        "external_id": organization.external_id,
        "name": organization.name,
    }
    return Person(
        wire(MEMBER, member.id), member.email, known.email_verified, member.shown, member.role.value, known.groups,
        told, None if connection is None else wire(CONNECTION, connection),
    )  # fmt: skip


def amr(methods: tuple[str, ...]) -> tuple[str, ...]:
    """How she signed in, in the words of RFC 8176; two different kinds are `mfa` beside them."""
    found = dict.fromkeys("fed" if one.startswith(SSO_METHOD) else _AMR.get(one, "user") for one in methods)
    return (*found, "mfa") if len(found) > 1 else tuple(found)
