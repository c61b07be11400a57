"""A sign-in through a connection: what waits for an answer, what the answer said, and the attempt that is kept of it.

Rules: a sign-in belongs to the browser that began it, and its answer counts once; an attempt is written for whatever a
key of the connection signed, and for what refused it; before that there are a count and the last hundred refusals.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hallway.ids import AccountId, AttemptId, ConnectionId, MemberId, OrganizationId, SessionId, SignInId
from hallway.scim.json import JsonObject

MINUTE: Final = 60 * 1_000_000
DAY: Final = 24 * 60 * MINUTE
WAITS: Final = 15 * MINUTE
ANSWERED_WAITS: Final = 2 * MINUTE
MOST_STRANGERS: Final = 100

CODES: Final = {
    "nobody_here": "Nobody in this organization is this person.",
    "deactivated": "This person is deactivated in this organization.",
    "several": "Several members have this address.",
    "no_address": "The answer has no e-mail address where the connection expects it.",
    "email_unverified": "The provider does not vouch for this person's e-mail address.",
    "domain_unproved": "The address is not in a domain that this organization has proved.",
    "confirm_first": "An administrator confirms with her own password or passkey, once, that this is she.",
    "transient": "The provider sends another name for this person at each sign-in.",
    "directory_decides": "A directory of this organization decides who is a member.",
    "no_request": "The answer belongs to no sign-in that waits: it took too long, or was used already.",
    "other_browser": "The answer came back in another browser than the one that began.",
    "replayed": "This very answer was used before.",
    "connection_off": "This connection is switched off, or not set up yet.",
    "plan": "The plan of this organization does not have single sign-on.",
    "provider_refused": "The provider answers that the sign-in failed.",
    "provider_unreachable": "The provider did not answer us.",
}
"""Why an answer that is genuine signs nobody in, beside the codes of each protocol."""


class Kind(Enum):
    """Why somebody was sent to the provider. `unsolicited`: it began at the provider. `test` signs nobody in. `logout`:
    to end her session there too.
    """

    SIGN_IN = "sign_in"
    TEST = "test"
    AGAIN = "again"
    UNSOLICITED = "unsolicited"
    LOGOUT = "logout"


class Outcome(Enum):
    """How an attempt ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SignIn:
    """One that waits. `browser` is the hash of its browser's secret; `token` names it to the provider (the request's
    ID, or the state); `secrets` has what the answer is held to (nonce, PKCE verifier). For `AGAIN`, whose session.
    `member_id` is who it seems to be, once that is known: her leaving ends it.
    """

    id: SignInId
    organization_id: OrganizationId
    connection_id: ConnectionId
    kind: Kind
    browser: bytes
    token: str
    created_at: int
    expires_at: int
    next: str = ""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    account_id: AccountId | None = None
    session_id: SessionId | None = None
    answer: bytes | None = field(default=None, repr=False)
    answered_at: int | None = None
    ended_at: int | None = None
    member_id: MemberId | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a judged answer says, whatever the protocol. `subject` is the name that stays the same for this person;
    `message` is what counts once, until `until`; `attributes` is everything that came, by name; `hint` is what the
    provider is shown when her session ends here: a token, which is sealed wherever it is kept.
    """

    subject: str
    shown: str
    message: str
    until: int
    authenticated_at: int
    email: str = ""
    email_verified: bool | None = None
    first_name: str = ""
    last_name: str = ""
    groups: tuple[str, ...] = ()
    user_name: str = ""
    external_id: str = ""
    transient: bool = False
    session_index: str = ""
    session_ends_at: int | None = None
    name_id: JsonObject = field(default_factory=dict)
    attributes: dict[str, list[str]] = field(default_factory=dict)
    facts: JsonObject = field(default_factory=dict)
    hint: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Her name, "" where none was sent."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is kept of a sign-in. `who` is whom the provider named; `detail` has timeline, expected and received, and
    what came, redacted.
    """

    id: AttemptId
    organization_id: OrganizationId
    connection_id: ConnectionId
    at: int
    outcome: Outcome
    code: str
    kind: Kind
    who: str
    detail: JsonObject
    member_id: MemberId | None = None


@dataclass(frozen=True, slots=True)
class SsoSession:
    """Which of our sessions a provider's session is: what single logout looks for."""

    connection_id: ConnectionId
    subject: bytes
    session_index: str
    account_id: AccountId
    session_id: SessionId
    name_id: JsonObject
    expires_at: int


@dataclass(frozen=True, slots=True)
class StrangerRefusal:
    """A message that nobody signed with a key of the connection."""

    at: int
    code: str
    address: str
    client: str


class TurnedAway(Exception):
    """A genuine answer signs nobody in; `code` is one of `CODES`, or of the protocol's."""

    def __init__(self, code: str, expected: str = "", received: str = "") -> None:
        super().__init__(CODES.get(code, code))
        self.code = code
        self.expected = expected
        self.received = received


@dataclass(frozen=True, slots=True)
class NewSignIn:
    """A row to insert; those that are long past go."""

    sign_in: SignIn


@dataclass(frozen=True, slots=True)
class SignInAnswered:
    """The answer is parked for the browser, with whom it seems to be about; stale where it was answered before."""

    sign_in_id: SignInId
    answer: bytes
    at: int
    member_id: MemberId | None = None


@dataclass(frozen=True, slots=True)
class SignInEnded:
    """It is used up; stale where it was before."""

    sign_in_id: SignInId
    at: int


@dataclass(frozen=True, slots=True)
class NewSeenMessage:
    """A message counts from now on as seen, until it would be refused for its age; stale where it is."""

    connection_id: ConnectionId
    message: bytes
    until: int
    now: int


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """A row to insert."""

    attempt: Attempt
    sealed: bytes


@dataclass(frozen=True, slots=True)
class NewSsoSession:
    """A row to insert; those that are past their end go."""

    session: SsoSession
    now: int


@dataclass(frozen=True, slots=True)
class SsoSessionsEnd:
    """The rows of a subject at a connection go, or of one of its sessions there."""

    connection_id: ConnectionId
    subject: bytes
    session_index: str = ""


@dataclass(frozen=True, slots=True)
class StrangerRefused:
    """A refusal to keep, in the place of the one that was there: `place` is below `MOST_STRANGERS`."""

    connection_id: ConnectionId
    place: int
    refusal: StrangerRefusal
