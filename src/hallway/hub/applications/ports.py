"""What applications and grants need of the outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hallway.accounts.model import Account, Session
from hallway.hub.applications.model import Application, ClientSecret, Code, Grant, KeptKey, RefreshToken
from hallway.hub.organizations.members import Member
from hallway.hub.organizations.model import Organization
from hallway.ids import ApplicationId, ClientSecretId, CodeId, GrantId, MemberId, OrganizationId


class Applications(Protocol):
    """The deployment's applications."""

    async def application(self, application_id: ApplicationId) -> Application | None:
        """One application."""
        ...

    async def applications(self) -> Sequence[Application]:
        """All of them, oldest first."""
        ...

    async def secrets(self, application_id: ApplicationId) -> Sequence[ClientSecret]:
        """An application's secrets, oldest first."""
        ...

    async def used(self, uses: Mapping[tuple[ApplicationId, ClientSecretId], int]) -> None:
        """Note when secrets were used last."""
        ...


class Grants(Protocol):
    """Grants of each organization, with their codes and refresh tokens."""

    async def grant(self, organization_id: OrganizationId, grant_id: GrantId) -> Grant | None:
        """One grant, ended or not."""
        ...

    async def code(self, organization_id: OrganizationId, code_id: CodeId) -> Code | None:
        """One code, used or not."""
        ...

    async def refresh_tokens(self, organization_id: OrganizationId, grant_id: GrantId) -> Sequence[RefreshToken]:
        """The tokens of a grant that are kept, newest first."""
        ...

    async def of_member(self, organization_id: OrganizationId, member_id: MemberId) -> Sequence[Grant]:
        """A member's newest thousand grants, ended ones too, newest first."""
        ...


class SigningKeys(Protocol):
    """The deployment's signing keys."""

    async def keys(self) -> Sequence[KeptKey]:
        """All that are kept, oldest first."""
        ...


class Ways(Protocol):
    """Whether a way of signing in opens an organization: connections and enforcement say so."""

    async def admits(self, member: Member, session: Session) -> bool:
        """Whether the member's session, living or not, came by a way that is open to her now."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a member beside her row."""

    email_verified: bool
    groups: tuple[str, ...]


class Profiles(Protocol):
    """What applications are told of people."""

    async def known(self, organization: Organization, member: Member, account: Account) -> Known:
        """Of one member, now."""
        ...
