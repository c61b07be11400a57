"""Finding an organization among all: by name, id, or the vendor's own id for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hallway.hub.organizations.model import Organization
from hallway.ids import ORGANIZATION, OrganizationId, parsed
from hallway.scim.fold import fold

PAGE: Final = 50


class Organizations(Protocol):
    """All organizations of the deployment."""

    async def by_id(self, organization_id: OrganizationId) -> Organization | None:
        """One organization."""
        ...

    async def all(self) -> Sequence[Organization]:
        """Every organization, oldest first."""
        ...

    async def newest(self, limit: int, before: OrganizationId | None = None) -> Sequence[Organization]:
        """The newest first; those that are older than `before`."""
        ...

    async def count(self) -> int:
        """How many there are."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A page, newest first; `more` is where the next one begins, None where this is the last."""

    organizations: Sequence[Organization]
    total: int
    more: OrganizationId | None


async def found_organizations(organizations: Organizations, text: str, before: OrganizationId | None = None) -> Found:
    """Those whose name or external id has the text, without case; an id (`org_…`) finds its own."""
    own = parsed(ORGANIZATION, text.strip())
    if own is not None:
        one = await organizations.by_id(OrganizationId(own))
        return Found([] if one is None else [one], int(one is not None), None)
    wanted = fold(text.strip())
    if not wanted:
        return _page(await organizations.newest(PAGE + 1, before), await organizations.count())
    fitting = [one for one in reversed(await organizations.all()) if _fits(one, wanted)]
    return _page([one for one in fitting if before is None or one.id < before], len(fitting))


def _page(there: Sequence[Organization], total: int) -> Found:
    page = there[:PAGE]
    return Found(page, total, page[-1].id if len(there) > PAGE else None)


def _fits(one: Organization, wanted: str) -> bool:
    return wanted in fold(one.name) or (one.external_id is not None and wanted in fold(one.external_id))
