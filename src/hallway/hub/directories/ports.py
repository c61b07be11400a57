"""What directories need of a store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from hallway.hub.directories.model import Directory, Kind, Standing, Token
from hallway.hub.directories.resources import DirectoryKey, MemberOfGroup, Stored, Walk
from hallway.ids import DirectoryId, OrganizationId, ResourceId, TokenId
from hallway.scim.filter import Filter
from hallway.scim.path import AttributePath

SortKey: TypeAlias = tuple[int, str]
"""Where a resource stands: 1 and "" for those without a value, so that they come last (RFC 7644 §3.4.2.3)."""


@dataclass(frozen=True, slots=True)
class Position:
    """The last resource of a page, for a walk by cursor."""

    key: SortKey
    id: ResourceId


@dataclass(frozen=True, slots=True)
class Search:
    """A list request. `matches` and `sort_key` are the pure answers, asked where SQL has none.

    `start` counts from 1 and is ignored with `after`; `count` is at least 0.
    """

    kind: Kind
    start: int
    count: int
    matches: Callable[[Stored], bool]
    sort_key: Callable[[Stored], SortKey]
    filter: Filter | None = None
    sort: AttributePath | None = None
    descending: bool = False
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What was found: this page, how many there are in all, and where the next page begins."""

    stored: Sequence[Stored]
    total: int
    following: Position | None


class Resources(Protocol):
    """Users and groups of a directory."""

    async def by_id(self, key: DirectoryKey, kind: Kind, resource_id: ResourceId) -> Stored | None:
        """One resource, a user with her groups."""
        ...

    async def id_by_name(self, key: DirectoryKey, kind: Kind, name_key: str) -> ResourceId | None:
        """Who has this folded name."""
        ...

    async def display_of_user(self, key: DirectoryKey, user_id: ResourceId) -> str | None:
        """What a user is called, None for nobody."""
        ...

    async def nesting(self, key: DirectoryKey) -> int:
        """How many times groups were put into groups, here: the version that a check for cycles rests on."""
        ...

    async def gone_by_external_id(self, key: DirectoryKey, external_id: str) -> Stored | None:
        """The kept, deleted user that had this externalId; the latest of them."""
        ...

    async def page(self, key: DirectoryKey, search: Search) -> Page:
        """A page of matching resources; raises `ScanTimedOut` where it took too long."""
        ...

    async def walk(self, key: DirectoryKey, start: int, count: int, after: ResourceId | None) -> Walk | None:
        """At least one of all users, by id: from the place `start`, or those `after` an id.

        None where groups are nested: `page` knows what a user is in through another group.
        """
        ...

    async def members(self, key: DirectoryKey, group_id: ResourceId, large: bool) -> Sequence[MemberOfGroup]:
        """Direct members in a stable order; `large` reads them away from the requests' path."""
        ...

    async def members_of(
        self, key: DirectoryKey, group_ids: Sequence[ResourceId]
    ) -> Mapping[ResourceId, Sequence[MemberOfGroup]]:
        """Direct members of several groups."""
        ...

    async def candidates(
        self, key: DirectoryKey, group_id: ResourceId, ids: Sequence[ResourceId]
    ) -> Mapping[ResourceId, tuple[Kind, bool]]:
        """Which of `ids` are users or groups of this directory, and whether each is a direct member of the group."""
        ...

    async def groups_holding(
        self, key: DirectoryKey, ids: Sequence[ResourceId]
    ) -> Mapping[ResourceId, Sequence[ResourceId]]:
        """The groups that have each of `ids` as a direct member."""
        ...


class Directories(Protocol):
    """Directories and tokens."""

    async def located(self, directory_id: DirectoryId) -> Directory | None:
        """A directory by its id alone, with its organization."""
        ...

    async def of_organization(self, organization_id: OrganizationId) -> Sequence[Directory]:
        """All that were not deleted, oldest first."""
        ...

    async def token_by_id(self, token_id: TokenId) -> Token | None:
        """One of our own tokens by its id alone."""
        ...

    async def token_by_hash(self, digest: bytes) -> Token | None:
        """An imported token by the SHA-256 of its text."""
        ...

    async def tokens(self, key: DirectoryKey) -> Sequence[Token]:
        """All tokens of a directory, oldest first."""
        ...

    async def unexpired_tokens(self, organization_id: OrganizationId, now: int) -> Sequence[Token]:
        """Tokens of all of an organization's directories, revoked ones too, oldest first."""
        ...

    async def last_request(self, key: DirectoryKey) -> int | None:
        """When the last request with a living token came; up to ten seconds late."""
        ...

    async def standing(self, key: DirectoryKey) -> Standing:
        """Counts of the directory."""
        ...
