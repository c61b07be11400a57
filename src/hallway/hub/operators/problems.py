"""What an operator should look at across organizations: refusals of directories, sign-ins that failed, and domains
that two have proved.

Rules: numbers and names of organizations only; who is behind a refusal stands in the customer's own pages. The newest
thousand organizations are looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from hallway.hub.directories.model import Directory, DirectoryState
from hallway.hub.operators.finding import Organizations
from hallway.hub.organizations.domains import Domain, Domains, DomainState
from hallway.hub.organizations.model import Organization
from hallway.ids import DirectoryId, OrganizationId

LOOKED_AT: Final = 1000
HOURS: Final = 24
HOUR: Final = 3600 * 1_000_000
SIGN_IN: Final = "sign_in"
CONSOLE: Final = DirectoryId(bytes(16))
"""No directory: beside theirs, the counters of an organization count failed sign-ins to the console under it."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What went wrong in one organization. Of each directory, how many requests were refused: `refused` had a token,
    `unauthenticated` none that fits. How many sign-ins failed by password or code, and how many through connections,
    tests left out.
    """

    refused: Mapping[DirectoryId, Mapping[str, int]]
    passwords: int
    connections: int
    is_contested: bool


class Troubles(Protocol):
    """Counts of what was refused."""

    async def since(self, organization_id: OrganizationId, at: int) -> Signs:
        """From the hour of an instant on."""
        ...


class Directories(Protocol):
    """Directories by their ids."""

    async def directory(self, organization_id: OrganizationId, directory_id: DirectoryId) -> Directory | None:
        """One directory of an organization."""
        ...


@dataclass(frozen=True, slots=True)
class DirectoryTrouble:
    """A directory whose requests were refused."""

    organization: Organization
    directory: Directory
    refused: int
    unauthenticated: int


@dataclass(frozen=True, slots=True)
class SignInTrouble:
    """An organization in which people could not sign in: how often by password or code, how often by a connection."""

    organization: Organization
    passwords: int
    connections: int


@dataclass(frozen=True, slots=True)
class Problems:
    """What was found, the worst first."""

    directories: tuple[DirectoryTrouble, ...]
    sign_ins: tuple[SignInTrouble, ...]
    contested: tuple[tuple[Organization, Domain], ...]


@dataclass(frozen=True, slots=True)
class Lookout:
    """Where it is looked."""

    organizations: Organizations
    directories: Directories
    domains: Domains
    troubles: Troubles

    async def problems(self, now: int) -> Problems:
        """Those of the last day."""
        troubles: list[DirectoryTrouble] = []
        sign_ins: list[SignInTrouble] = []
        contested: list[tuple[Organization, Domain]] = []
        for organization in await self.organizations.newest(LOOKED_AT):
            signs = await self.troubles.since(organization.id, now - HOURS * HOUR)
            if signs.refused:
                troubles += await self._troubles(organization, signs.refused)
            if signs.passwords or signs.connections:
                sign_ins.append(SignInTrouble(organization, signs.passwords, signs.connections))
            if signs.is_contested:
                claims = await self.domains.domains(organization.id)
                contested += [(organization, one) for one in claims if one.state is DomainState.CONTESTED]
        troubles.sort(key=lambda one: -(one.refused + one.unauthenticated))
        sign_ins.sort(key=lambda one: -(one.passwords + one.connections))
        contested.sort(key=lambda pair: pair[1].name)
        return Problems(tuple(troubles), tuple(sign_ins), tuple(contested))

    async def _troubles(
        self, organization: Organization, refused: Mapping[DirectoryId, Mapping[str, int]]
    ) -> list[DirectoryTrouble]:
        found = []
        for directory_id, counts in refused.items():
            directory = await self.directories.directory(organization.id, directory_id)
            if directory is not None and directory.state is not DirectoryState.DELETED:
                found.append(
                    DirectoryTrouble(
                        organization, directory, counts.get("refused", 0), counts.get("unauthenticated", 0)
                    )
                )
        return found
