"""Bulk (RFC 7644 §3.7): each operation is a change of its own.

Rules: ids are given out before, so that references resolve in any order, also circular ones; of users that refer
to each other in a circle none is written where one would be refused; a directory that takes no writes looks at
every operation, so that what it refused to end is known.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hallway.hub.directories.carrying import DirectoryClosed, Outcome, refuse_closed_writes
from hallway.hub.directories.desk import Desk, Scene
from hallway.hub.directories.documents import ENDPOINT, etag, location, resource_id
from hallway.hub.directories.groups import create_group, delete_group, patch_group, replace_group
from hallway.hub.directories.model import Kind
from hallway.hub.directories.users import create_user, delete_user, patch_user, replace_user
from hallway.ids import GROUP, USER, ResourceId, parsed
from hallway.journal.model import Change
from hallway.scim.bulk import BulkPlan, bulk_plan, resolved
from hallway.scim.bulk_messages import BulkOperation, BulkOutcome, BulkRequest, Method
from hallway.scim.json import Json
from hallway.scim.messages import error_body
from hallway.scim.problem import ScimProblem

WAVE: Final = 100
KIND: Final = {f"/{name}": kind for kind, name in ENDPOINT.items() if kind is not Kind.GONE}


@dataclass(slots=True)
class _Run:
    """The bulk request under way; the exchange goes with the first operation that commits."""

    scene: Scene
    plan: BulkPlan
    ids: dict[str, str]
    given: dict[int, ResourceId]
    failed: set[int] = field(default_factory=set)
    refused: dict[int, ScimProblem] = field(default_factory=dict)
    closed: list[DirectoryClosed] = field(default_factory=list)
    written: bool = False


async def bulk(desk: Desk, scene: Scene, request: BulkRequest) -> tuple[Sequence[BulkOutcome], bool]:
    """Run the operations until `failOnErrors` of them failed; also says whether the exchange was written.

    Raises `DirectoryClosed` where the directory takes no writes.
    """
    plan = bulk_plan(request.operations)
    given = {
        index: ResourceId(desk.fresh_id())
        for index, operation in enumerate(request.operations)
        if operation.method is Method.POST and index not in plan.problems
    }
    run = _Run(scene, plan, _wire_ids(request.operations, given), given)
    outcomes = await _outcomes(desk, run, request)
    refuse_closed_writes(scene, run.closed)
    return [outcomes[index] for index in sorted(outcomes)], run.written


async def _outcomes(desk: Desk, run: _Run, request: BulkRequest) -> Mapping[int, BulkOutcome]:
    outcomes: dict[int, BulkOutcome] = {}
    for wave in _waves(run.plan, request):
        indexes = await _ordered(desk, run, wave, request.operations) if _is_circle(run.plan, wave) else wave
        # The exchange goes with the first change: until it is written one goes alone.
        while indexes and (not run.written or request.fail_on_errors is not None or _is_circle(run.plan, wave)):
            index, indexes = indexes[0], indexes[1:]
            _note(outcomes, index, await _one(desk, run, index, request.operations[index]))
            if request.fail_on_errors is not None and len(run.failed) >= request.fail_on_errors:
                return outcomes
        together = await asyncio.gather(*(_one(desk, run, index, request.operations[index]) for index in indexes))
        for index, outcome in zip(indexes, together, strict=True):
            if outcome is not None and outcome.status == 409:
                # The name may have been that of another one in this wave, which gave it up.
                run.failed.discard(index)
                outcome = await _one(desk, run, index, request.operations[index])
            _note(outcomes, index, outcome)
    return outcomes


def _note(outcomes: dict[int, BulkOutcome], index: int, outcome: BulkOutcome | None) -> None:
    if outcome is not None:
        outcomes[index] = outcome


def _is_circle(plan: BulkPlan, wave: Sequence[int]) -> bool:
    return len(wave) > 1 and tuple(wave) in plan.steps


def _waves(plan: BulkPlan, request: BulkRequest) -> Iterator[Sequence[int]]:
    """Operations that neither refer to one another nor go to one resource, so that they may share a commit.

    Creating, changing and ending never share one: a name is free only after whoever had it was ended.
    """
    wave: list[int] = []
    targets: set[tuple[str, str]] = set()
    for step in plan.steps:
        operation = request.operations[step[0]]
        target = (operation.endpoint, operation.resource_id or f"new {step[0]}")
        ends = len(step) > 1 or len(wave) >= WAVE or bool(plan.refers_to[step[0]].intersection(wave))
        if ends or target in targets or (wave and _sort(request, wave[0]) != _sort(request, step[0])):
            if wave:
                yield wave
            wave, targets = [], set()
        if len(step) > 1:
            yield step
        else:
            wave.append(step[0])
            targets.add(target)
    if wave:
        yield wave


def _sort(request: BulkRequest, index: int) -> Method | None:
    """POST, DELETE, or PATCH for what changes a resource."""
    method = request.operations[index].method
    return Method.PATCH if method is Method.PUT else method


def _wire_ids(operations: Sequence[BulkOperation], given: Mapping[int, ResourceId]) -> dict[str, str]:
    ids = {}
    for index, one in given.items():
        kind, name = KIND.get(operations[index].endpoint), operations[index].bulk_id
        if kind is not None and name is not None:
            ids[name] = resource_id(kind, one)
    return ids


class _Rehearsal:
    """A ledger that takes every change and writes none."""

    async def commit(self, _: Change) -> int:
        return 0


async def _ordered(desk: Desk, run: _Run, step: Sequence[int], operations: Sequence[BulkOperation]) -> Sequence[int]:
    """The order within a step: in a circle users go first, after it is known that none of them will be refused."""
    if len(step) == 1:
        return step
    users = [index for index in step if KIND.get(operations[index].endpoint) is Kind.USER]
    for index in users:
        if index in run.plan.problems:
            continue
        try:
            await _carried(replace(desk, ledger=_Rehearsal()), run, index, operations[index])
        except ScimProblem as problem:
            run.refused[index] = problem
        except DirectoryClosed:
            break
    refused = {*run.refused, *run.plan.problems}
    if refused.intersection(users):
        run.refused.update((index, _refers_to_failed()) for index in users if index not in refused)
    return [*users, *(index for index in step if index not in users)]


async def _one(desk: Desk, run: _Run, index: int, operation: BulkOperation) -> BulkOutcome | None:
    """What became of an operation; None where the directory is closed."""
    try:
        problem = run.plan.problems.get(index) or run.refused.get(index)
        if problem is not None:
            raise problem
        if run.plan.refers_to[index] & run.failed:
            raise _refers_to_failed()
        outcome = await _carried(desk, run, index, operation)
    except ScimProblem as problem:
        run.failed.add(index)
        return _failure(run, operation, problem)
    except DirectoryClosed as closed:
        run.closed.append(closed)
        return None
    run.written = True
    return _success(run, operation, outcome)


def _refers_to_failed() -> ScimProblem:
    return ScimProblem(409, "An operation that this one refers to by its bulkId has failed.")


async def _carried(desk: Desk, run: _Run, index: int, operation: BulkOperation) -> Outcome:
    """One operation; the exchange is written with it where none was before."""
    scene = replace(run.scene, exchange=None) if run.written else run.scene
    kind = KIND.get(operation.endpoint)
    if kind is None:
        raise ScimProblem(404, "A bulk operation goes to /Users or /Groups.")
    data = resolved(operation.data, run.ids)
    if operation.method is Method.POST:
        create = create_user if kind is Kind.USER else create_group
        return await create(desk, scene, data, run.given[index])
    return await _on_existing(desk, scene, operation, (kind, _id_of(run, kind, operation)), data)


def _id_of(run: _Run, kind: Kind, operation: BulkOperation) -> ResourceId:
    text = str(resolved(operation.resource_id, run.ids))
    found = parsed(USER if kind is Kind.USER else GROUP, text)
    if found is None:
        raise ScimProblem(404, "There is no resource with this id in this directory.")
    return ResourceId(found)


async def _on_existing(
    desk: Desk, scene: Scene, operation: BulkOperation, target: tuple[Kind, ResourceId], data: Json
) -> Outcome:
    kind, one = target
    version = operation.version
    match operation.method, kind:
        case Method.PUT, Kind.USER:
            return await replace_user(desk, scene, one, data, version)
        case Method.PATCH, Kind.USER:
            return await patch_user(desk, scene, one, data, version)
        case Method.DELETE, Kind.USER:
            return await delete_user(desk, scene, one, version)
        case Method.PUT, _:
            return await replace_group(desk, scene, one, data, version)
        case Method.PATCH, _:
            return await patch_group(desk, scene, one, data, (200, version))
        case _:
            return await delete_group(desk, scene, one, version)


def _success(run: _Run, operation: BulkOperation, outcome: Outcome) -> BulkOutcome:
    status = {Method.POST: 201, Method.DELETE: 204}.get(operation.method or Method.PUT, 200)
    if outcome.stored is None:
        return BulkOutcome(operation, status, _place(run, operation))
    place = location(outcome.stored, run.scene.base).decode()
    return BulkOutcome(operation, status, place, etag(outcome.stored))


def _failure(run: _Run, operation: BulkOperation, problem: ScimProblem) -> BulkOutcome:
    place = None if operation.method is Method.POST else _place(run, operation)
    return BulkOutcome(operation, problem.status, place, None, error_body(problem))


def _place(run: _Run, operation: BulkOperation) -> str:
    """The address that the operation names, with the id of a bulkId where it is known."""
    name = operation.resource_id or ""
    named = run.ids.get(name.removeprefix("bulkId:"), name)
    return f"{run.scene.base.decode()}{operation.endpoint}/{named}"
