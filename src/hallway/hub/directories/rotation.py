"""Rotation: a new token beside the old one, which closes by itself once the new one has been in use for a day.

Rules: nothing closes before its successor was used, so a forgotten rotation locks nobody out; a successor that was
revoked closes nothing; what a token replaced, directly or through others, closes with it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from hallway.hub.directories.administration import MAX_TOKENS
from hallway.hub.directories.desk import Desk
from hallway.hub.directories.model import Directory, DirectoryState, Token
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.directories.tokens import DAY, MadeToken, made_token, new_token_change, revoke
from hallway.hub.organizations.service import Refused
from hallway.ids import EntryId, OrganizationId, TokenId
from hallway.journal.model import Actor, Stale

SYSTEM: Final = Actor("system", None, "rotation")
GRACE: Final = DAY
"""How long the old token still works after the first use of the new one."""


def closings(tokens: Sequence[Token], now: int) -> Mapping[TokenId, int]:
    """When each living one of a directory's tokens closes by itself; one without a used successor is not there."""
    by_id = {token.id: token for token in tokens}
    found: dict[TokenId, int] = {}
    for token in tokens:
        if token.first_used_at is None or not token.is_alive(now):
            continue
        at = token.first_used_at + GRACE
        seen = {token.id}
        old = token.replaces
        while old is not None and old in by_id and old not in seen:
            if by_id[old].is_alive(now):
                found[old] = min(at, found.get(old, at))
            seen.add(old)
            old = by_id[old].replaces
    return found


def successor_of(token: Token, tokens: Sequence[Token], now: int) -> Token | None:
    """The living token that was made to take this one's place; the latest of them."""
    living = [one for one in tokens if one.replaces == token.id and one.is_alive(now)]
    return max(living, key=lambda one: one.id, default=None)


async def rotated(desk: Desk, directory: Directory, old: Token, days: int, actor: Actor) -> MadeToken:
    """A new token in the place of `old`, which goes on until a day after the new one's first use."""
    if directory.state is DirectoryState.DELETED:
        raise Refused("conflict", "The directory was deleted.")
    now = desk.now()
    everything = await desk.directories.tokens(DirectoryKey(directory.organization_id, directory.id))
    living = [token for token in everything if token.is_alive(now)]
    if all(token.id != old.id for token in living):
        raise Refused("conflict", "This token has ended already; make a new one.")
    if len(living) >= MAX_TOKENS:
        raise Refused("conflict", f"A directory has at most {MAX_TOKENS} living tokens; revoke one first.")
    made = made_token(directory, now, desk.entropy(42), days, old.label)
    made = MadeToken(replace(made.token, replaces=old.id), made.text)
    await desk.ledger.commit(new_token_change(made.token, actor, EntryId(desk.fresh_id())))
    return made


async def close_replaced(desk: Desk, organization_id: OrganizationId) -> int:
    """Revoke what its successor has replaced for a day, as the system; returns how many ended."""
    now = desk.now()
    tokens = await desk.directories.unexpired_tokens(organization_id, now)
    due = {token_id for token_id, at in closings(tokens, now).items() if at <= now}
    ended = 0
    for token in tokens:
        if token.id in due:
            with suppress(Stale):  # another process, or a person, was first
                await revoke(desk.ledger, token, SYSTEM, now, EntryId(desk.fresh_id()))
                ended += 1
    return ended
