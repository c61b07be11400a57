"""Directories and tokens: made, switched off and on, deleted with a word about their people."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from hallway.hub.directories.belonging import ended_member
from hallway.hub.directories.columns import columns_of
from hallway.hub.directories.desk import Desk
from hallway.hub.directories.documents import document_of, resource_of
from hallway.hub.directories.links import LinkAbsent
from hallway.hub.directories.model import (
    Directory,
    DirectoryState,
    DirectoryUpdate,
    Kind,
    NewDirectory,
    Provider,
    Token,
)
from hallway.hub.directories.ports import Position, Search
from hallway.hub.directories.resources import DirectoryKey, ResourceMove, ResourceUpdate, Stored
from hallway.hub.directories.tokens import MadeToken, imported_token, made_token, new_token_change, revoke
from hallway.hub.organizations.members import MemberState
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.service import Refused, checked_name
from hallway.ids import DIRECTORY, TOKEN, DirectoryId, EntryId, ResourceId, TokenId, parsed, wire
from hallway.journal.model import Actor, Change, Entry, Row, Stale
from hallway.journal.service import carried_out
from hallway.scim.schema import ResourceType

MAX_TOKENS: Final = 50
PAGE: Final = 500


class People(Enum):
    """What becomes of a deleted directory's people."""

    KEEP = "keep"
    DEACTIVATE = "deactivate"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Parting:
    """A deletion: what becomes of the people, and where they move; `done` is told how many were handled so far."""

    people: People
    target: Directory | None
    done: Callable[[int], None]


class Administration:
    """What a person does with directories; everything is journaled as `actor`."""

    def __init__(self, desk: Desk, types: Callable[[Directory], Mapping[Kind, ResourceType]], actor: Actor) -> None:
        self._desk = desk
        self._types = types
        self._actor = actor

    async def create(
        self,
        organization: Organization,
        name: str,
        provider: Provider,
        days: int,
        state: DirectoryState = DirectoryState.ACTIVE,
    ) -> tuple[Directory, MadeToken]:
        """A directory with its first token, in one transaction; a disabled one waits for somebody to enable it."""
        now = self._desk.now()
        directory = Directory(
            DirectoryId(self._desk.fresh_id()), organization, checked_name(name), provider, state, now
        )
        made = made_token(directory, now, self._desk.entropy(42), days)
        entry = self._entry("directory.created", directory, directory.id)
        with_token = new_token_change(made.token, self._actor, EntryId(self._desk.fresh_id()))
        rows: tuple[Row, ...] = (NewDirectory(directory), *with_token.rows)
        await self._desk.ledger.commit(Change(organization.id, rows, (entry, *with_token.entries), entry.id))
        return directory, made

    async def update(self, directory: Directory, changed: Directory) -> Directory:
        """Write name, provider, base path and rules."""
        return await self._update(directory, changed, "directory.updated")

    async def disable(self, directory: Directory) -> Directory:
        """Writes are refused from now on, with 503, so that the sender retries."""
        self._refuse_deleted(directory)
        return await self._update(directory, replace(directory, state=DirectoryState.DISABLED), "directory.disabled")

    async def enable(self, directory: Directory) -> Directory:
        """Writes are taken again."""
        self._refuse_deleted(directory)
        return await self._update(directory, replace(directory, state=DirectoryState.ACTIVE), "directory.enabled")

    async def _update(self, was: Directory, changed: Directory, kind: str) -> Directory:
        if changed == was:
            return was
        entry = self._entry(kind, changed, changed.id)
        row = DirectoryUpdate(changed, was.state)
        try:
            await self._desk.ledger.commit(Change(was.organization_id, (row,), (entry,), entry.id))
        except Stale:
            raise Refused("conflict", "The directory was changed by somebody else just now; look again.") from None
        return changed

    async def close(self, directory: Directory, parting: Parting) -> Directory:
        """Stop writes for a deletion that can be carried out; refuses any other, with nothing changed.

        Whoever serves may take writes for as long as it remembers the directory.
        """
        self._refuse_deleted(directory)
        self._refuse_target(directory, parting)
        await self._refuse_taken_names(directory, parting)
        return await self.disable(directory) if directory.state is DirectoryState.ACTIVE else directory

    async def delete(self, directory: Directory, parting: Parting) -> int:
        """End a directory: writes stop first, then each person is handled and journaled, then the tokens end.

        Safe to run again where it was interrupted. Returns how many users and groups there were.
        """
        directory = await self.close(directory, parting)
        handled = await self._part(directory, parting)
        now = self._desk.now()
        for token in await self._desk.directories.tokens(_key(directory)):
            if token.revoked_at is None:
                await revoke(self._desk.ledger, token, self._actor, now, EntryId(self._desk.fresh_id()))
        await self._finish(directory, parting)
        return handled

    async def _finish(self, directory: Directory, parting: Parting) -> None:
        ended = replace(directory, state=DirectoryState.DELETED)
        entry = self._entry("directory.deleted", ended, ended.id)
        entry = replace(entry, facts={**entry.facts, "people": parting.people.value})
        await self._desk.ledger.commit(
            Change(directory.organization_id, (DirectoryUpdate(ended, directory.state),), (entry,), entry.id)
        )

    async def _part(self, directory: Directory, parting: Parting) -> int:
        handled = 0
        async for stored in self._everybody(directory, parting):
            await self._part_one(directory, parting, stored.id, stored.kind)
            handled += 1
            parting.done(handled)
        return handled

    async def _everybody(self, directory: Directory, parting: Parting) -> AsyncIterator[Stored]:
        """Users, then groups; those that leave meanwhile disturb nobody's turn.

        Deleted users that are kept move with the others, so that who comes back there is the same person.
        """
        moving = parting.people is People.MOVE
        for kind in (Kind.USER, Kind.GONE, Kind.GROUP) if moving else (Kind.USER, Kind.GROUP):
            search = Search(kind, 1, PAGE, lambda _: True, lambda _: (0, ""))
            following: Position | None = Position((0, ""), ResourceId(b""))
            while following is not None:
                page = await self._desk.resources.page(_key(directory), replace(search, after=following))
                following = page.following
                for stored in page.stored:
                    yield stored

    async def _part_one(self, directory: Directory, parting: Parting, one: ResourceId, kind: Kind) -> None:
        async def decide() -> tuple[Change, None]:
            stored = await self._desk.resources.by_id(_key(directory), kind, one)
            if stored is None:
                return Change(directory.organization_id), None
            if parting.target is not None and await self._is_taken(parting.target, stored):
                raise _taken([_name(stored)])
            rows, event = self._parted(directory, parting, stored)
            entry = self._entry(event, directory, stored.id)
            if parting.target is not None:
                entry = replace(entry, facts={"to": wire(DIRECTORY, parting.target.id)})
            more, entries = await self._member_ended(directory, one) if event == "user.deactivated" else ((), ())
            return Change(directory.organization_id, (*more, *rows), (entry, *entries), entry.id), None

        await carried_out(self._desk.ledger, decide)

    async def _member_ended(self, directory: Directory, one: ResourceId) -> tuple[tuple[Row, ...], tuple[Entry, ...]]:
        """What ends with a directory user who is deactivated: the member whom the directory owns."""
        link = await self._desk.ties.links.link_of(_key(directory), one)
        if link is None:
            return (LinkAbsent(_key(directory), one),), ()
        member = await self._desk.ties.members.by_id(directory.organization_id, link.member_id)
        if member is None or member.state is MemberState.DEACTIVATED:
            return (), ()
        left = await ended_member(self._desk, member)
        entries = tuple(
            Entry(
                EntryId(self._desk.fresh_id()), told.type, self._desk.now(), self._actor, told.subject_id, directory.id,
                facts=told.facts, personal=told.personal,
            )
            for told in left.happenings
        )  # fmt: skip
        return left.rows, entries

    async def _refuse_taken_names(self, directory: Directory, parting: Parting) -> None:
        if parting.target is None:
            return
        everybody = self._everybody(directory, parting)
        taken = [_name(one) async for one in everybody if await self._is_taken(parting.target, one)]
        if taken:
            raise _taken(taken)

    async def _is_taken(self, target: Directory, stored: Stored) -> bool:
        """Whether somebody in `target` has the name, so that this one cannot move there; the deleted hold none."""
        if stored.kind is Kind.GONE:
            return False
        name = columns_of(stored.kind, resource_of(stored)).name_key
        if name is None:
            return False
        return await self._desk.resources.id_by_name(_key(target), stored.kind, name) is not None

    def _parted(self, directory: Directory, parting: Parting, stored: Stored) -> tuple[tuple[Row, ...], str]:
        noun = "group" if stored.kind is Kind.GROUP else "user"
        if parting.target is not None:
            return (ResourceMove(_key(directory), stored, parting.target.id),), f"{noun}.moved"
        if parting.people is People.DEACTIVATE and stored.kind is Kind.USER:
            old = resource_of(stored)
            new = {**old, "active": False}
            if old.get("active") is False:
                return (), "user.kept"
            document, hidden, splice_at = document_of(new, Kind.USER, stored.id, self._types(directory)[Kind.USER])
            changed = replace(
                stored, document=document, hidden=hidden, splice_at=splice_at, modified_at=self._desk.now()
            )
            columns = replace(columns_of(Kind.USER, new), splice_at=splice_at)
            keys = columns_of(Kind.USER, old).keys
            return (ResourceUpdate(_key(directory), stored, changed, columns, keys),), "user.deactivated"
        return (), f"{noun}.kept"

    def _refuse_target(self, directory: Directory, parting: Parting) -> None:
        target = parting.target
        if (parting.people is People.MOVE) != (target is not None):
            raise Refused("invalid", "Moving people needs the directory they move to: --to DIRECTORY.")
        if target is not None and (
            target.organization_id != directory.organization_id
            or target.id == directory.id
            or target.state is DirectoryState.DELETED
        ):
            raise Refused("invalid", "People move to another directory of the same organization only.")

    def _refuse_deleted(self, directory: Directory) -> None:
        if directory.state is DirectoryState.DELETED:
            raise Refused("conflict", "The directory was deleted.")

    async def add_token(self, directory: Directory, days: int, label: str = "") -> MadeToken:
        """Another token beside those there are; the text is in the answer only."""
        await self._refuse_many(directory)
        made = made_token(directory, self._desk.now(), self._desk.entropy(42), days, label)
        await self._desk.ledger.commit(new_token_change(made.token, self._actor, EntryId(self._desk.fresh_id())))
        return made

    async def import_token(self, directory: Directory, digest: bytes, days: int) -> Token:
        """A token of another product's making, by its SHA-256."""
        await self._refuse_many(directory)
        token = imported_token(directory, self._desk.now(), self._desk.entropy(42), days, digest)
        try:
            await self._desk.ledger.commit(new_token_change(token, self._actor, EntryId(self._desk.fresh_id())))
        except Stale:
            raise Refused("conflict", "A directory has this token already.") from None
        return token

    async def revoke_token(self, token: Token) -> None:
        """End a token now."""
        try:
            await revoke(self._desk.ledger, token, self._actor, self._desk.now(), EntryId(self._desk.fresh_id()))
        except Stale:
            raise Refused("conflict", "The token was revoked already.") from None

    async def _refuse_many(self, directory: Directory) -> None:
        self._refuse_deleted(directory)
        now = self._desk.now()
        alive = [token for token in await self._desk.directories.tokens(_key(directory)) if token.is_alive(now)]
        if len(alive) >= MAX_TOKENS:
            raise Refused("conflict", f"A directory has at most {MAX_TOKENS} living tokens; revoke one first.")

    def _entry(self, kind: str, directory: Directory, subject: bytes) -> Entry:
        facts = {"state": directory.state.value, "provider": directory.provider.value}
        named = {"name": directory.name} if subject == directory.id else {}
        return Entry(
            EntryId(self._desk.fresh_id()),
            kind,
            self._desk.now(),
            self._actor,
            subject,
            directory.id,
            facts=dict(facts) if subject == directory.id else {},
            personal=dict(named),
        )


async def found_directory(desk: Desk, text: str) -> Directory:
    """The directory of an id, or a refusal that says how to list them."""
    one = parsed(DIRECTORY, text)
    directory = None if one is None else await desk.directories.located(DirectoryId(one))
    if directory is None:
        raise Refused(
            "not_found", f"There is no directory {text!r}; list them with: hallway hub directory list ORGANIZATION"
        )
    return directory


async def found_token(desk: Desk, text: str) -> Token:
    """The living token of an id."""
    one = parsed(TOKEN, text)
    token = None if one is None else await desk.directories.token_by_id(TokenId(one))
    if token is None:
        raise Refused(
            "not_found", f"There is no living token {text!r}; list them with: hallway hub token list DIRECTORY"
        )
    return token


def _name(stored: Stored) -> str:
    resource = resource_of(stored)
    return str(resource.get("userName") or resource.get("displayName"))


def _taken(names: Sequence[str]) -> Refused:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    named = ", ".join(names[:3])
    return Refused(
        "conflict",
        f"The directory to move to has these names already: {named}{more}. Rename or delete one of each two, then run "
        "this again; nobody was lost.",
    )


def _key(directory: Directory) -> DirectoryKey:
    return DirectoryKey(directory.organization_id, directory.id)
