"""What the bearer of a link does: each act is one change with what it leaves on the link and who is told.

Rules: a link makes at most one directory, gives tokens to that one only, and ends, replaces and enforces nothing;
where the organization has members, the directory waits for an administrator to turn it on.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from hallway.hub.directories.administration import Administration
from hallway.hub.directories.desk import Desk
from hallway.hub.directories.model import Directory, DirectoryState, Kind, NewDirectory, Provider
from hallway.hub.directories.tokens import MadeToken
from hallway.hub.organizations.service import Refused
from hallway.hub.setup.model import LinkState, Progress, SetupLink, SetupLinkUpdate, Task
from hallway.hub.setup.progress import Findings, is_complete
from hallway.hub.setup.service import NOT_ALIVE, SetupDesk, Visit, notices
from hallway.journal.model import Actor, Change, Row, Stale
from hallway.journal.ports import Ledger
from hallway.journal.service import carried_out
from hallway.scim.schema import ResourceType

T = TypeVar("T")


class Accompanied:
    """A ledger that writes more rows with each change: what an act leaves beside what a service decided."""

    def __init__(self, ledger: Ledger, rows: Callable[[Change], tuple[Row, ...]]) -> None:
        self._ledger = ledger
        self._rows = rows

    async def commit(self, change: Change) -> int:
        """See `hallway.journal.ports.Ledger`."""
        return await self._ledger.commit(replace(change, rows=(*change.rows, *self._rows(change))))


@dataclass(frozen=True, slots=True)
class Workshop:
    """What acts on directories need: the desk of their room, their types, and how many days a token lives."""

    desk: Desk
    types: Callable[[Directory], Mapping[Kind, ResourceType]]
    token_days: int

    def administration(self, ledger: Ledger, actor: Actor) -> Administration:
        """What a person does with directories, through this ledger, as this actor."""
        return Administration(replace(self.desk, ledger=ledger), self.types, actor)


async def choose_provider(desk: SetupDesk, visit: Visit, provider: Provider) -> SetupLink:
    """Note the provider, until the directory is made."""
    _refuse_task(visit, Task.DIRECTORY)
    if visit.link.progress.directory_id is not None:
        raise Refused("conflict", "The directory is made already; its provider is chosen.")
    return await _noted(desk, visit, lambda was: replace(was, provider=provider.value))


async def make_directory(
    desk: SetupDesk, workshop: Workshop, visit: Visit, name: str, address: str
) -> tuple[Directory, MadeToken]:
    """The link's directory, for the provider that was chosen, with its first token; disabled where an administrator has
    to turn it on.
    """
    _refuse_task(visit, Task.DIRECTORY)
    progress = visit.link.progress
    if progress.directory_id is not None:
        raise Refused("conflict", "This link has made its directory already.")
    if not progress.provider:
        raise Refused("conflict", "Choose your provider first.")
    held = await desk.concerned.has_members(visit.organization.id)
    what = f"made the directory {name}"
    if held:
        what += ". It takes no changes until an administrator turns it on (Directories)"
    letters = await notices(desk, visit.organization, visit.link, what)

    def beside(change: Change) -> tuple[Row, ...]:
        made = next(row.directory for row in change.rows if isinstance(row, NewDirectory))
        return (_progressed(visit.link, replace(progress, directory_id=made.id)), *letters)

    acting = workshop.administration(Accompanied(desk.ledger, beside), visit.actor(address))
    state = DirectoryState.DISABLED if held else DirectoryState.ACTIVE
    try:
        return await acting.create(visit.organization, name, Provider(progress.provider), workshop.token_days, state)
    except Stale:
        raise Refused("conflict", "Somebody works with this link just now, in another browser; look again.") from None


async def another_token(
    desk: SetupDesk, workshop: Workshop, visit: Visit, directory: Directory, address: str
) -> MadeToken:
    """Another token for the directory that this link made, and for no other."""
    _refuse_task(visit, Task.DIRECTORY)
    if directory.id != visit.link.progress.directory_id:
        raise Refused("not_found", "This link has made no such directory.")
    letters = await notices(desk, visit.organization, visit.link, f"made another token for {directory.name}")
    held = Accompanied(desk.ledger, lambda _: letters)
    return await workshop.administration(held, visit.actor(address)).add_token(directory, workshop.token_days)


async def say_pasted(desk: SetupDesk, visit: Visit) -> SetupLink:
    """The bearer says that the provider has the values."""
    if visit.link.progress.directory_id is None:
        raise Refused("conflict", "Make the directory first.")
    return await _noted(desk, visit, lambda was: replace(was, pasted=True))


async def say_domain(desk: SetupDesk, visit: Visit, name: str) -> SetupLink:
    """Note the domain that the bearer works on."""
    _refuse_task(visit, Task.DOMAIN)
    return await _noted(desk, visit, lambda was: replace(was, domain=name))


async def as_link(desk: SetupDesk, visit: Visit, what: str, act: Callable[[Ledger], Awaitable[T]]) -> T:
    """What `act` returns; the administrators are told with whatever it commits."""
    letters = await notices(desk, visit.organization, visit.link, what)

    def beside(change: Change) -> tuple[Row, ...]:
        # An act may also touch another organization (a rival's domain): its tenant holds no mail of this one.
        return letters if change.entries and change.organization_id == visit.organization.id else ()

    return await act(Accompanied(desk.ledger, beside))


async def complete(desk: SetupDesk, visit: Visit, found: Findings, address: str) -> SetupLink:
    """End a link whose work is done; refuses while something is left."""

    async def decide() -> tuple[Change, SetupLink]:
        was = await _alive(desk, visit.link)
        if not is_complete(was, found):
            raise Refused("conflict", "Something is left to do; see the list.")
        changed = replace(was, completed_at=desk.clock(), version=was.version + 1)
        entry = desk.entry("setup_link.completed", changed, visit.actor(address))
        letters = await notices(desk, visit.organization, was, "completed its work and ended")
        return Change(was.organization_id, (SetupLinkUpdate(was, changed), *letters), (entry,), entry.id), changed

    return (await carried_out(desk.ledger, decide))[1]


def _refuse_task(visit: Visit, task: Task) -> None:
    if task not in visit.link.tasks:
        raise Refused("not_found", "This link is not for that.")


def _progressed(was: SetupLink, progress: Progress) -> SetupLinkUpdate:
    return SetupLinkUpdate(was, replace(was, progress=progress, version=was.version + 1))


async def _noted(desk: SetupDesk, visit: Visit, note: Callable[[Progress], Progress]) -> SetupLink:
    async def decide() -> tuple[Change, SetupLink]:
        was = await _alive(desk, visit.link)
        row = _progressed(was, note(was.progress))
        return Change(was.organization_id, (row,)), row.link

    return (await carried_out(desk.ledger, decide))[1]


async def _alive(desk: SetupDesk, link: SetupLink) -> SetupLink:
    kept = await desk.links.link(link.organization_id, link.id)
    if kept is None or kept.state(desk.clock()) is not LinkState.ALIVE:
        raise Refused("not_found", NOT_ALIVE)
    return kept
