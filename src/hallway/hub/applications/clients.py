"""Who a request of an application is from: its secret, its own key, or, on people's devices, nothing but its name.

Rules: a refusal takes the same time and says the same whatever was wrong; an assertion counts once; a client that has
a secret or a key never comes without.
"""

import hashlib
from dataclasses import dataclass, field

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import (
    Application,
    ApplicationState,
    ClientSecret,
    Kind,
    NewSeenAssertion,
)
from hallway.ids import APPLICATION, ApplicationId, ClientSecretId, parsed
from hallway.journal.model import Change, Stale
from hallway.oidc.client_authentication import Presented, judged_assertion
from hallway.oidc.jose import published_keys
from hallway.oidc.oauth_problem import OAuthProblem
from hallway.oidc.problem import OidcProblem
from hallway.secret_text import CLIENT, read_secret


@dataclass(slots=True)
class SecretUses:
    """When secrets were used, gathered until they are written every ten seconds."""

    _gathered: dict[tuple[ApplicationId, ClientSecretId], int] = field(default_factory=dict)

    def note(self, secret: ClientSecret, at: int) -> None:
        """One more use."""
        self._gathered[(secret.application_id, secret.id)] = at

    async def flush(self, desk: ApplicationDesk) -> None:
        """Write what was gathered; raises `Unavailable`, and then nothing is forgotten."""
        taken, self._gathered = self._gathered, {}
        try:
            if taken:
                await desk.applications.used(taken)
        except BaseException:
            self._gathered = {**taken, **self._gathered}
            raise


async def client_named(desk: ApplicationDesk, client_id: str) -> Application | None:
    """The active application of a client id."""
    own = parsed(APPLICATION, client_id)
    found = None if own is None else await desk.applications.application(ApplicationId(own))
    return found if found is not None and found.state is ApplicationState.ACTIVE else None


async def authenticated(desk: ApplicationDesk, shown: Presented, uses: SecretUses) -> Application:
    """The application that a request is from. Raises `OAuthProblem`."""
    application = await client_named(desk, shown.client_id)
    match shown.method:
        case "none":
            proved = application is not None and application.kind is Kind.PUBLIC
        case "private_key_jwt":
            proved = application is not None and await _by_assertion(desk, application, shown)
        case _:
            proved = await _by_secret(desk, application, shown, uses)
    if application is None or not proved:
        raise OAuthProblem("invalid_client", "The client is not known, or not by this proof.")
    return application


async def _by_secret(
    desk: ApplicationDesk, application: Application | None, shown: Presented, uses: SecretUses
) -> bool:
    secret, now = read_secret(CLIENT, shown.secret), desk.clock()
    if secret is None or application is None:
        return False
    fitting = [
        one
        for one in await desk.applications.secrets(application.id)
        # Each is compared, whichever fits.
        if secret.fits(one.hash) and one.id == secret.row and one.is_alive(now)
    ]
    for one in fitting:
        uses.note(one, now)
    return bool(fitting) and secret.owner == application.id and application.kind is not Kind.PUBLIC


async def _by_assertion(desk: ApplicationDesk, application: Application, shown: Presented) -> bool:
    if not application.jwks:
        return False
    now = desk.clock()
    try:
        proved = judged_assertion(shown, published_keys(application.jwks.encode()), desk.issuer, now)
    except OidcProblem:
        return False
    digest = hashlib.sha256(proved.token_id.encode()).digest()
    seen = NewSeenAssertion(application.id, digest, proved.until, now)
    try:
        await desk.ledger.commit(Change(DEPLOYMENT, (seen,)))
    except Stale:
        return False
    return True
