"""From a decision to a durable answer: state and plan are asked of what was decided, not of the request.

Rules: a directory that takes no writes still decides, so that what it refused to end is known; growth needs the
plan, ending never does; the exchange is kept with the same commit.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from hallway.exchanges.model import Exchange
from hallway.hub.directories.desk import Desk, Scene
from hallway.hub.directories.model import DirectoryState
from hallway.hub.directories.resources import Stored
from hallway.hub.organizations.model import Feature, OrganizationState
from hallway.ids import EntryId
from hallway.journal.model import Change, Entry, Row
from hallway.journal.service import carried_out
from hallway.scim.json import JsonObject
from hallway.scim.problem import ScimProblem

GROWTH: Final = frozenset({"user.created", "user.restored", "user.reactivated", "group.created"})
ENDINGS: Final = frozenset({"user.deactivated", "user.deleted", "group.deleted"})


class DirectoryClosed(Exception):
    """The directory, or its organization, takes no writes now; the sender shall try again later.

    `not_applied` names what this request would have ended, empty for nothing.
    """

    def __init__(self, detail: str, not_applied: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.not_applied = not_applied


@dataclass(frozen=True, slots=True)
class Happening:
    """A journal entry before it has an id and an actor."""

    type: str
    subject_id: bytes
    facts: JsonObject = field(default_factory=dict)
    personal: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write, and the resource as it will be; no rows: nothing changes.

    `stored` is None after a deletion.
    """

    stored: Stored | None
    rows: tuple[Row, ...] = ()
    happenings: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: the resource as it is now (None: gone, or not known for certain), and whether anything changed."""

    stored: Stored | None
    changed: bool
    seq: int


async def carried(desk: Desk, scene: Scene, status: int, decide: Callable[[], Awaitable[Decision]]) -> Outcome:
    """Commit a decision with its exchange, which says `status`.

    Raises `DirectoryClosed`, 403 where the plan does not allow it, and what `decide` raises; then nothing is written.
    """

    async def change() -> tuple[Change, Decision]:
        decision = await decide()
        refuse_closed(scene, decision)
        refuse_unplanned(scene, decision)
        return _change(desk, scene, status, decision), decision

    seq, decision = await carried_out(desk.ledger, change)
    return Outcome(decision.stored, bool(decision.rows), seq)


def _change(desk: Desk, scene: Scene, status: int, decision: Decision) -> Change:
    now = desk.now()
    exchange = scene.exchange
    entries = tuple(
        Entry(
            EntryId(desk.fresh_id()),
            happening.type,
            now,
            scene.actor,
            happening.subject_id,
            scene.directory.id,
            scene.cause,
            happening.facts,
            happening.personal,
        )
        for happening in decision.happenings
    )
    rows = decision.rows
    if exchange is not None:
        rows = (*rows, finished(exchange, scene, status, desk.clock(), decision.stored))
    request_id = entries[0].id if entries else b""
    return Change(scene.directory.organization_id, rows, entries, request_id)


def finished(exchange: Exchange, scene: Scene, status: int, now: int, stored: Stored | None) -> Exchange:
    """The exchange, with its outcome filled in; the answer is named by the resource's revision.

    A status that it has already stays: a bulk request's is not that of its operations.
    """
    exchange.status = exchange.status or status
    exchange.duration = now - exchange.at
    exchange.quirks = tuple(sorted(quirk.value for quirk in scene.tolerance.met)) if scene.tolerance.met else ()
    exchange.answer_resource = None if stored is None else stored.id
    exchange.answer_revision = 0 if stored is None else stored.revision
    return exchange


def refuse_closed(scene: Scene, decision: Decision) -> None:
    """Raise `DirectoryClosed` where the directory or its organization takes no writes."""
    directory = scene.directory
    if directory.organization.state is OrganizationState.SUSPENDED:
        raise DirectoryClosed("The organization is suspended; nothing was changed.", _endings(decision))
    if directory.state is not DirectoryState.ACTIVE:
        raise DirectoryClosed("The directory is disabled; nothing was changed.", _endings(decision))


def refuse_closed_writes(scene: Scene, refused: Sequence[DirectoryClosed]) -> None:
    """The same for a request of many operations, of which these were `refused`: what all of them would have ended."""
    if refused:
        raise DirectoryClosed(refused[0].detail, ",".join(one.not_applied for one in refused if one.not_applied))
    refuse_closed(scene, Decision(None))


def _endings(decision: Decision) -> str:
    ended = [
        happening.type
        for happening in decision.happenings
        if happening.type in ENDINGS or (happening.type == "group.members_changed" and happening.facts.get("removed"))
    ]
    return ",".join(ended)


def refuse_unplanned(scene: Scene, decision: Decision) -> None:
    """403 for growth without the plan; deactivation, deletion and removal of members pass."""
    organization = scene.directory.organization
    if organization.unlocks(Feature.SCIM):
        return
    for happening in decision.happenings:
        added = happening.type == "group.members_changed" and happening.facts.get("added")
        if happening.type in GROWTH or added:
            raise ScimProblem(
                403,
                f"The organization's plan, {organization.plan.value}, does not include user provisioning (SCIM). "
                "Deactivating and deleting still work; to add people or members, ask for the enterprise plan.",
            )
