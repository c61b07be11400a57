"""Bulk (RFC 7644 §3.7): each operation is a change of its own; ids are given out before, so that references
resolve in any order, also circular ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hallway.hub.directories.carrying import Outcome
from hallway.hub.directories.desk import Desk, Scene
from hallway.hub.directories.documents import ENDPOINT, etag, location, resource_id
from hallway.hub.directories.groups import create_group, delete_group, patch_group, replace_group
from hallway.hub.directories.model import Kind
from hallway.hub.directories.users import create_user, delete_user, patch_user, replace_user
from hallway.ids import GROUP, USER, ResourceId, parsed
from hallway.scim.bulk import BulkPlan, bulk_plan, resolved
from hallway.scim.bulk_messages import BulkOperation, BulkOutcome, BulkRequest, Method
from hallway.scim.json import Json
from hallway.scim.messages import error_body
from hallway.scim.problem import ScimProblem

KIND: Final = {f"/{name}": kind for kind, name in ENDPOINT.items() if kind is not Kind.GONE}


@dataclass(slots=True)
class _Run:
    """The bulk request under way; the exchange goes with the first operation that commits."""

    scene: Scene
    plan: BulkPlan
    ids: dict[str, str]
    given: dict[int, ResourceId]
    failed: set[int] = field(default_factory=set)
    written: bool = False


async def bulk(desk: Desk, scene: Scene, request: BulkRequest) -> tuple[Sequence[BulkOutcome], bool]:
    """Run the operations until `failOnErrors` of them failed; also says whether the exchange was written."""
    plan = bulk_plan(request.operations)
    given = {
        index: ResourceId(desk.fresh_id())
        for index, operation in enumerate(request.operations)
        if operation.method is Method.POST and index not in plan.problems
    }
    run = _Run(scene, plan, _wire_ids(request.operations, given), given)
    outcomes: dict[int, BulkOutcome] = {}
    for index in (index for step in plan.steps for index in step):
        outcomes[index] = await _one(desk, run, index, request.operations[index])
        if request.fail_on_errors is not None and len(run.failed) >= request.fail_on_errors:
            break
    return [outcomes[index] for index in sorted(outcomes)], run.written


def _wire_ids(operations: Sequence[BulkOperation], given: Mapping[int, ResourceId]) -> dict[str, str]:
    ids = {}
    for index, one in given.items():
        kind, name = KIND.get(operations[index].endpoint), operations[index].bulk_id
        if kind is not None and name is not None:
            ids[name] = resource_id(kind, one)
    return ids


async def _one(desk: Desk, run: _Run, index: int, operation: BulkOperation) -> BulkOutcome:
    try:
        problem = run.plan.problems.get(index)
        if problem is not None:
            raise problem
        if run.plan.refers_to[index] & run.failed:
            raise ScimProblem(409, "An operation that this one refers to by its bulkId has failed.")
        outcome = await _carried(desk, run, index, operation)
    except ScimProblem as problem:
        run.failed.add(index)
        return _failure(run, operation, problem)
    run.written = True
    return _success(run, operation, outcome)


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
