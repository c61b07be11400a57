"""What an operator should look at across organizations: refusals of directories, and domains that two have proved.

Rules: numbers and names of organizations only; who is behind a refusal stands in the customer's own activity. The
newest thousand organizations are looked at.
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


class Refusals(Protocol):
    """Counts of refused requests."""

    async def since(self, organization_id: OrganizationId, hour: int) -> Mapping[DirectoryId, Mapping[str, int]]:
        """How many requests to each directory were refused from an hour (since 1970) on: `refused` had a token,
        `unauthenticated` none that fits.
        """
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
class Problems:
    """What was found, the worst first."""

    directories: tuple[DirectoryTrouble, ...]
    contested: tuple[tuple[Organization, Domain], ...]


@dataclass(frozen=True, slots=True)
class Lookout:
    """Where it is looked."""

    organizations: Organizations
    directories: Directories
    domains: Domains
    refusals: Refusals

    async def problems(self, now: int) -> Problems:
        """Those of the last day."""
        troubles: list[DirectoryTrouble] = []
        contested: list[tuple[Organization, Domain]] = []
        for organization in await self.organizations.newest(LOOKED_AT):
            refused = await self.refusals.since(organization.id, now // HOUR - HOURS)
            if refused:
                troubles += await self._troubles(organization, refused)
            claims = await self.domains.domains(organization.id)
            contested += [(organization, one) for one in claims if one.state is DomainState.CONTESTED]
        troubles.sort(key=lambda one: -(one.refused + one.unauthenticated))
        contested.sort(key=lambda pair: pair[1].name)
        return Problems(tuple(troubles), tuple(contested))

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
