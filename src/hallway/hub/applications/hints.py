"""ID tokens that come back to us as hints: whom an application means, whether or not the token has expired."""

from dataclasses import dataclass

from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import Application
from hallway.ids import MEMBER, MemberId, parsed, wire
from hallway.oidc.issuing import ID_TOKEN, own_claims
from hallway.oidc.json import text
from hallway.oidc.problem import OidcProblem


@dataclass(frozen=True, slots=True)
class Hint:
    """Whom an ID token of ours is about, in which session, and whom it was issued to."""

    client_id: str
    member_id: MemberId
    organization: str
    session: str


async def hinted(desk: ApplicationDesk, application: Application, token: str) -> str | None:
    """The subject that an application means, None where the token is not ours, or not this application's."""
    hint = await hint_of(desk, token)
    if hint is None or hint.client_id != application.client_id:
        return None
    return wire(MEMBER, hint.member_id)


async def hint_of(desk: ApplicationDesk, token: str) -> Hint | None:
    """What an ID token of ours says, None where it is none."""
    try:
        claims = own_claims(token, await desk.signing.key_set(), desk.issuer, ID_TOKEN)
        named = claims.get("org")
        organization = text(named, "id") if isinstance(named, dict) else ""
        member = parsed(MEMBER, text(claims, "sub"))
        client_id, session = text(claims, "aud"), text(claims, "sid")
    except OidcProblem:
        return None
    return None if member is None else Hint(client_id, MemberId(member), organization, session)
