"""What an access token opens: asked of the rows each time, though the token is signed."""

from dataclasses import dataclass

from hallway.hub.applications.clients import client_named
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.living import Living, living
from hallway.hub.applications.model import Application, Kind
from hallway.ids import GRANT, ORGANIZATION, GrantId, OrganizationId, parsed
from hallway.oidc.issuing import own_access_token
from hallway.oidc.json import JsonObject, instant, text
from hallway.oidc.problem import OidcProblem


@dataclass(frozen=True, slots=True)
class Access:
    """A token that counts now: of an application for itself, or, with `living`, for a member. Instants in
    microseconds.
    """

    application: Application
    scopes: tuple[str, ...]
    claims: JsonObject
    expires_at: int
    living: Living | None = None

    @property
    def is_machine(self) -> bool:
        """Whether the application came for itself."""
        return self.living is None


async def grant_of_access_token(desk: ApplicationDesk, token: str) -> Access | None:
    """What the token opens, None where it opens nothing: forged, expired, or what it stands on has ended."""
    try:
        claims = own_access_token(token, await desk.signing.key_set(), desk.issuer, desk.clock())
        scopes = tuple(text(claims, "scope").split())
        client_id, expires_at = text(claims, "client_id"), instant(claims, "exp") or 0
    except OidcProblem:
        return None
    application = await client_named(desk, client_id)
    if application is None:
        return None
    if "grant" not in claims:
        held = tuple(one for one in scopes if one in application.scopes)
        return Access(application, held, claims, expires_at) if application.kind is Kind.MACHINE else None
    owner, grant_id = parsed(ORGANIZATION, text(claims, "org")), parsed(GRANT, text(claims, "grant"))
    if owner is None or grant_id is None:
        return None
    grant = await desk.grants.grant(OrganizationId(owner), GrantId(grant_id))
    found = None if grant is None or grant.application_id != application.id else await living(desk, grant)
    return None if found is None else Access(application, scopes, claims, expires_at, found)
