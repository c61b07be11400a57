"""What the Hub says, as values. Fields that a later Hub adds are ignored; instants are aware."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct, ValidationError, convert

T = TypeVar("T")

MEMBER_EVENTS: Final = "member."


class OrganizationRef(Struct, frozen=True):
    """An organization as events and sign-ins name it; `external_id` is what the application calls it."""

    id: str
    external_id: str | None = None
    name: str = ""


class Organization(Struct, frozen=True, tag_field="kind", tag="organization"):
    """A customer of the application. In a snapshot `sequence` is its last event that is already in it."""

    id: str
    name: str
    external_id: str | None = None
    state: str = "active"
    sequence: int = 0


class Group(Struct, frozen=True):
    """A group of a directory that somebody is in."""

    id: str
    name: str


class Member(Struct, frozen=True, tag_field="kind", tag="member"):
    """A person in one organization. `id` is the `sub` of her sign-ins: it is never given to anybody else.

    In a snapshot `sequence` is the last event of the organization that is already in it.
    """

    id: str
    email: str = ""
    name: str = ""
    role: str = ""
    state: str = "active"
    directory: str | None = None
    directory_user: str | None = None
    organization: str = ""
    groups: Sequence[Group] = ()
    sequence: int = 0

    @property
    def may_enter(self) -> bool:
        """Whether she may use the application; anything but `active` says no."""
        return self.state == "active"


class Actor(Struct, frozen=True):
    """Who did something."""

    kind: str
    id: str | None = None
    name: str = ""


class Cause(Struct, frozen=True):
    """Why something happened: by whom, in which directory, of which directory user, by which rule."""

    actor: Actor
    directory: str | None = None
    person: str | None = None
    rule: str | None = None


class Subject(Struct, frozen=True):
    """What an event is about."""

    kind: str
    id: str


class Event(Struct, frozen=True, kw_only=True):
    """One thing that happened in one organization. `sequence` rises within the organization, with gaps.

    `member_after` is all that keeping people needs, whatever the type: the one that `member` names as the event leaves
    her, None where she is no member any more.
    """

    id: str
    type: str
    at: datetime
    organization: OrganizationRef
    sequence: int
    cause: Cause
    cursor: str = ""
    subject: Subject | None = None
    member: str | None = None
    member_after: Member | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    exchange: str | None = None
    facts: Mapping[str, Any] = {}

    @property
    def may_enter(self) -> bool:
        """Whether its member may use the application after it."""
        return self.member_after is not None and self.member_after.may_enter

    @property
    def member_before(self) -> Member | None:
        """What the member was before an event of hers; None where she was not there, and in events of other things."""
        if self.before is None or not self.type.startswith(MEMBER_EVENTS) or self.member is None:
            return None
        try:
            return convert(self.before, Member)
        except ValidationError:
            return None


class Page(Struct, Generic[T], frozen=True):
    """Part of a list; `next` is what the next part is asked by, None at the end."""

    items: Sequence[T]
    next: str | None = None


class Told(Struct, frozen=True):
    """Events behind a cursor, oldest first; `next` is how far the reader then is, also where filters left all out."""

    items: Sequence[Event]
    next: str


class Snapshot(Struct, frozen=True):
    """Part of how everything is now, each organization before its members. The feed goes on from `cursor`."""

    items: Sequence[Organization | Member]
    cursor: str
    next: str | None = None

    @property
    def organizations(self) -> Sequence[Organization]:
        """The organizations in this part."""
        return [one for one in self.items if isinstance(one, Organization)]

    @property
    def members(self) -> Sequence[Member]:
        """The members in this part."""
        return [one for one in self.items if isinstance(one, Member)]


class SetupLink(Struct, frozen=True):
    """A link that lets a customer's own IT do its tasks: send the browser there, once, now."""

    id: str
    url: str
    expires_at: datetime


class Did(Struct, frozen=True):
    """What the application did about an event: `sessions_ended`, `keys_revoked`, …, and how many."""

    what: str
    count: int = 1


class Receipt(Struct, frozen=True):
    """The application's answer to an event. Sending it again changes nothing."""

    event: str
    did: Sequence[Did]
    at: datetime
