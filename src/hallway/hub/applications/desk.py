"""What every service of applications works with."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from hallway.accounts.ports import Accounts
from hallway.delivery.ports import Endpoints, Lanes
from hallway.hub.applications.model import Application
from hallway.hub.applications.ports import Applications, Grants, Profiles, Ways
from hallway.hub.applications.signing import Signing
from hallway.hub.organizations.ports import Members, Organizations
from hallway.ids import AccountId, EntryId, SessionId, fresh_id
from hallway.journal.model import Actor, Entry
from hallway.journal.ports import Ledger
from hallway.oidc.issuing import Envelope
from hallway.oidc.jose import base64url
from hallway.scim.json import JsonObject


@dataclass(frozen=True, slots=True)
class Circle:
    """Whom a grant depends on, asked with every use of it. `seen` notes that somebody is still at work, so that her
    session does not end as an idle one.
    """

    organizations: Organizations
    members: Members
    accounts: Accounts
    ways: Ways
    profiles: Profiles
    seen: Callable[[AccountId, SessionId], None]


@dataclass(frozen=True, slots=True)
class ApplicationDesk:
    """Stores, keys, time and chance; `issuer` is the deployment's base URL."""

    ledger: Ledger
    applications: Applications
    grants: Grants
    signing: Signing
    circle: Circle
    endpoints: Endpoints
    lanes: Lanes
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    issuer: str
    in_development: bool = False

    def fresh_id(self) -> bytes:
        """A new id."""
        return fresh_id(self.clock(), self.entropy(10))

    def entry(self, kind: str, subject_id: bytes, actor: Actor, facts: JsonObject, **personal: str) -> Entry:
        """A fact for a journal."""
        told: JsonObject = {**personal}
        own = EntryId(self.fresh_id())
        return Entry(own, kind, self.clock(), actor, subject_id, facts=facts, personal=told)

    def envelope(self, application: Application) -> Envelope:
        """What a token for this application says of us, of it, and of now."""
        return Envelope(self.issuer, application.client_id, self.clock())


def sid_of(session_id: SessionId) -> str:
    """A session as applications know it: nothing that a session's own text could be told from."""
    return base64url(hashlib.sha256(b"sid of a session\0" + session_id).digest()[:16])
