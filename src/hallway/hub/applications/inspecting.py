"""What a token is worth, for who asks (RFC 7662), and whose grant it stands for."""

from hallway.hub.applications.access import grant_of_access_token
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.living import Living, living
from hallway.hub.applications.model import Application, Grant
from hallway.hub.applications.telling import person
from hallway.ids import GRANT, ORGANIZATION, GrantId, OrganizationId, parsed
from hallway.oidc.issuing import claims_of, own_access_token
from hallway.oidc.json import JsonObject, text
from hallway.oidc.problem import OidcProblem
from hallway.secret_text import REFRESH, read_secret

DEAD: JsonObject = {"active": False}


async def introspected(desk: ApplicationDesk, application: Application, token: str) -> JsonObject:
    """An access token of any application, a refresh token only of the one that asks; of what counts no more, nothing
    but that is said.
    """
    access = await grant_of_access_token(desk, token)
    if access is not None:
        who = {} if access.living is None else await _about(desk, access.living, access.scopes)
        return {**who, **access.claims, "active": True, "token_type": "Bearer", "scope": " ".join(access.scopes)}
    grant = await _of_refresh_token(desk, application, token)
    found = None if grant is None else await living(desk, grant)
    if found is None:
        return DEAD
    who = await _about(desk, found, found.grant.scopes)
    times: JsonObject = {"exp": found.grant.expires_at // 1_000_000, "iat": found.grant.created_at // 1_000_000}
    named: JsonObject = {"client_id": application.client_id, "iss": desk.issuer, "scope": " ".join(found.grant.scopes)}
    return {**who, **times, **named, "active": True, "token_type": "refresh_token"}


async def grant_of_token(desk: ApplicationDesk, application: Application, token: str) -> Grant | None:
    """The grant that an application's own token stands for, alive or not; None for anything else."""
    grant = await _of_refresh_token(desk, application, token)
    if grant is not None:
        return grant
    try:
        claims = own_access_token(token, await desk.signing.key_set(), desk.issuer, desk.clock())
        owner, own = parsed(ORGANIZATION, text(claims, "org")), parsed(GRANT, text(claims, "grant"))
    except OidcProblem:
        return None
    found = None if owner is None or own is None else await desk.grants.grant(OrganizationId(owner), GrantId(own))
    return found if found is not None and found.application_id == application.id else None


async def _of_refresh_token(desk: ApplicationDesk, application: Application, token: str) -> Grant | None:
    secret = read_secret(REFRESH, token)
    if secret is None:
        return None
    grant = await desk.grants.grant(OrganizationId(secret.owner), GrantId(secret.row))
    if grant is None or grant.application_id != application.id:
        return None
    kept = await desk.grants.refresh_tokens(grant.organization_id, grant.id)
    now = desk.clock()
    return (
        grant if any(secret.fits(one.hash) and one.used_at is None and now < one.expires_at for one in kept) else None
    )


async def _about(desk: ApplicationDesk, found: Living, scopes: tuple[str, ...]) -> JsonObject:
    told = claims_of(await person(desk, found), scopes)
    return {"username": found.member.email, **told}
