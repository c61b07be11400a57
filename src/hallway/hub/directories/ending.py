"""Finding and ending a user or a group, which is the same but for what becomes of the row."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, TypeAlias

from hallway.hub.directories.belonging import followed
from hallway.hub.directories.carrying import Decision, Happening, Outcome, carried
from hallway.hub.directories.columns import columns_of
from hallway.hub.directories.desk import Desk, Scene
from hallway.hub.directories.documents import resource_of
from hallway.hub.directories.facts import label
from hallway.hub.directories.matching import refuse_unmatched
from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import ResourceRemoval, Stored
from hallway.ids import ResourceId
from hallway.journal.model import Row
from hallway.scim.json import JsonObject
from hallway.scim.problem import ScimProblem

_NOUN: Final = {Kind.USER: "user", Kind.GROUP: "group"}
GONE_MESSAGES: Final = {kind: f"There is no {noun} with this id in this directory." for kind, noun in _NOUN.items()}


class Ending(NamedTuple):
    """The row that ends a resource, and what the journal says beside its name."""

    row: Row
    facts: JsonObject


EndingOf: TypeAlias = Callable[[Stored, JsonObject, bool], Awaitable[Ending]]
"""Of the resource as stored, as read, and whether its revision was asked for."""


async def existing(desk: Desk, scene: Scene, kind: Kind, resource_id: ResourceId) -> Stored:
    """The user or group, or 404."""
    stored = await desk.resources.by_id(scene.key, kind, resource_id)
    if stored is None:
        raise ScimProblem(404, GONE_MESSAGES[kind])
    return stored


async def ended(
    desk: Desk, scene: Scene, one: tuple[Kind, ResourceId], if_match: str | None, ending: EndingOf
) -> Outcome:
    """Carry out the end of one resource, as `ending` decides it."""
    kind, resource_id = one

    async def decide() -> Decision:
        was = await existing(desk, scene, kind, resource_id)
        refuse_unmatched(if_match, was)
        old = resource_of(was)
        row, facts = await ending(was, old, if_match is not None)
        return Decision(None, (row,), (Happening(f"{_NOUN[kind]}.deleted", resource_id, facts, label(old)),))

    async with desk.queues.turn(resource_id):
        return await carried(desk, scene, 204, followed(desk, scene, decide))


def removal(desk: Desk, scene: Scene, was: Stored, old: JsonObject, exact: bool) -> ResourceRemoval:
    """The row itself goes to its history."""
    return ResourceRemoval(scene.key, was, desk.now(), columns_of(was.kind, old).keys, exact)
