"""People and groups as pages list them: a page at a time, found while somebody types.

Rules: a text is looked for anywhere in userName, displayName and e-mail addresses, without case; lists are in the
order of names, those of one state alone are newest first; a page goes on after the last one's id, so that no address
has a name in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import DirectoryKey
from hallway.ids import ExchangeId, OrganizationId, ResourceId
from hallway.journal.model import Written

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a directory is listed: `text` anywhere in a name, `active` or not (None: both), after whom; `beyond` is
    that one's name without case, for who may be gone meanwhile.
    """

    kind: Kind
    text: str = ""
    active: bool | None = None
    after: ResourceId | None = None
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list; `name` is a user's userName or a group's displayName, `members` a group's."""

    id: ResourceId
    kind: Kind
    name: str
    display: str
    active: bool
    members: int
    modified_at: int

    @property
    def called(self) -> str:
        """What people call her."""
        return self.display or self.name


@dataclass(frozen=True, slots=True)
class ListPage:
    """Some lines, and whether there are more behind them."""

    listed: Sequence[Listed]
    more: bool


class People(Protocol):
    """Reads users and groups for pages."""

    async def page(self, key: DirectoryKey, wanted: Wanted) -> ListPage:
        """At most `PAGE` lines; raises `ScanTimedOut`."""
        ...

    async def members(self, key: DirectoryKey, group_id: ResourceId, after: ResourceId | None) -> ListPage:
        """Direct members of a group, by id."""
        ...

    async def names(self, key: DirectoryKey, ids: Sequence[ResourceId]) -> Mapping[ResourceId, Listed]:
        """Who of these is there."""
        ...

    async def history(self, key: DirectoryKey, one: ResourceId, limit: int) -> Sequence[Written]:
        """The journal's entries about a user or group, and about her coming into groups; newest first."""
        ...

    async def entries(self, organization_id: OrganizationId, seqs: Sequence[int]) -> Mapping[int, Written]:
        """Entries by their place in the journal."""
        ...

    async def entries_of(self, organization_id: OrganizationId, seq: int, cause: ExchangeId) -> Sequence[Written]:
        """What an exchange led to, from its first entry on."""
        ...
