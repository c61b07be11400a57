"""Finding an organization among all: by name, id, or the vendor's own id for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.ports import Organizations
from hallway.ids import ORGANIZATION, OrganizationId, parsed
from hallway.scim.fold import fold

PAGE: Final = 50


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
    fitting = [one for one in reversed(await organizations.all()) if not wanted or _fits(one, wanted)]
    there = [one for one in fitting if before is None or one.id < before]
    page = there[:PAGE]
    return Found(page, len(fitting), page[-1].id if len(there) > PAGE else None)


def _fits(one: Organization, wanted: str) -> bool:
    return wanted in fold(one.name) or (one.external_id is not None and wanted in fold(one.external_id))
