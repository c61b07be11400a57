"""In what order the operations of a Bulk request run, and what depends on what (RFC 7644 §3.7.1, §3.7.2).

Rules:
- `bulkId:x` names the resource that the POST with this `bulkId` makes: as a value anywhere in data, as the id in an
  operation's path, and inside the filters of PATCH paths. Ids are given out before anything runs.
- An operation runs after those that it refers to, and after earlier ones on the same resource; apart from that the
  order of the request holds.
- Operations that refer to each other in a circle form one step: all of them succeed, or none.
- When an operation fails, those that refer to it fail.
"""

import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hallway.scim.bulk_messages import BulkOperation, Method
from hallway.scim.json import Json
from hallway.scim.problem import ScimProblem, invalid_value
from hallway.scim.values import shown

_PREFIX: Final = "bulkId:"
_IN_FILTER: Final = re.compile(r'"bulkId:([^"\\]+)"')


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """Operations by their index in the request.

    `steps` holds each index once; a step of several is a circle. `refers_to` holds what an operation refers to
    directly, and `problems` why one cannot run: as it was read, or for its references.
    """

    steps: tuple[tuple[int, ...], ...]
    refers_to: tuple[frozenset[int], ...]
    problems: Mapping[int, ScimProblem]


def bulk_plan(operations: Sequence[BulkOperation]) -> BulkPlan:
    """The order of the operations, and what is wrong before any of them runs."""
    problems = {i: operation.problem for i, operation in enumerate(operations) if operation.problem is not None}
    makers: dict[str, int] = {}
    for index, operation in enumerate(operations):
        name = operation.bulk_id if operation.method is Method.POST else None
        if name is not None and makers.setdefault(name, index) != index:
            twice = invalid_value(f"The bulkId `{shown(name)}` was given to an earlier operation.")
            problems.setdefault(index, twice)
    refers_to: list[frozenset[int]] = []
    for index, operation in enumerate(operations):
        named = operation_references(operation)
        unknown = sorted(named - makers.keys())
        if unknown:
            problems.setdefault(index, _unknown(unknown[0]))
        refers_to.append(frozenset(makers[name] for name in named if name in makers))
    return BulkPlan(_steps(refers_to, _following(operations)), tuple(refers_to), problems)


def references(value: Json) -> frozenset[str]:
    """The bulkIds that a value names, without their prefix."""
    return frozenset(_named(value, in_path=False))


def operation_references(operation: BulkOperation) -> frozenset[str]:
    """The bulkIds that an operation names in its path and its data."""
    return references([operation.resource_id, operation.data])


def resolved(value: Json, ids: Mapping[str, str]) -> Json:
    """The value with the id of each bulkId in its place; `invalidValue` for one that is not in `ids`."""
    return _resolved(value, ids, in_path=False)


def _resolved(value: Json, ids: Mapping[str, str], in_path: bool) -> Json:
    match value:
        case dict():
            return {key: _resolved(member, ids, key.lower() == "path") for key, member in value.items()}
        case list():
            return [_resolved(member, ids, in_path) for member in value]
        case str() if value.startswith(_PREFIX):
            return _id(value.removeprefix(_PREFIX), ids)
        case str() if in_path:
            return _IN_FILTER.sub(lambda found: f'"{_id(found[1], ids)}"', value)
        case _:
            return value


def _id(name: str, ids: Mapping[str, str]) -> str:
    if name not in ids:
        raise _unknown(name)
    return ids[name]


def _unknown(name: str) -> ScimProblem:
    return invalid_value(f"No POST of this request has the bulkId `{shown(name)}`.")


def _named(value: Json, in_path: bool) -> Iterator[str]:
    match value:
        case dict():
            for key, member in value.items():
                yield from _named(member, key.lower() == "path")
        case list():
            for member in value:
                yield from _named(member, in_path)
        case str() if value.startswith(_PREFIX):
            yield value.removeprefix(_PREFIX)
        case str() if in_path:
            yield from _IN_FILTER.findall(value)
        case _:
            pass


def _following(operations: Sequence[BulkOperation]) -> list[int | None]:
    """For each operation the one before it on the same resource."""
    last: dict[tuple[str, str], int] = {}
    earlier: list[int | None] = []
    for index, operation in enumerate(operations):
        if operation.resource_id is None:
            earlier.append(None)
            continue
        target = (operation.endpoint.lower(), operation.resource_id)
        earlier.append(last.get(target))
        last[target] = index
    return earlier


def _steps(refers_to: Sequence[frozenset[int]], earlier: Sequence[int | None]) -> tuple[tuple[int, ...], ...]:
    """Circles as one step each, and of the steps that can run always the one that came first in the request."""
    circles = _circles(refers_to)
    step_of = {index: step for step, circle in enumerate(circles) for index in circle}
    needed: list[set[int]] = [set() for _ in circles]
    dependents: list[set[int]] = [set() for _ in circles]
    for index, named in enumerate(refers_to):
        before = earlier[index]
        for other in named if before is None else {*named, before}:
            if step_of[other] != step_of[index]:
                needed[step_of[index]].add(step_of[other])
                dependents[step_of[other]].add(step_of[index])
    ready = [(circle[0], step) for step, circle in enumerate(circles) if not needed[step]]
    heapq.heapify(ready)
    order: list[tuple[int, ...]] = []
    while ready:
        _, step = heapq.heappop(ready)
        order.append(circles[step])
        for dependent in dependents[step]:
            needed[dependent].discard(step)
            if not needed[dependent]:
                heapq.heappush(ready, (circles[dependent][0], dependent))
    return tuple(order)


def _circles(refers_to: Sequence[frozenset[int]]) -> list[tuple[int, ...]]:
    """Strongly connected parts, each in the order of the request (Tarjan's algorithm, without recursion)."""
    number: dict[int, int] = {}
    lowest: dict[int, int] = {}
    open_nodes: dict[int, None] = {}
    circles: list[tuple[int, ...]] = []
    for root in range(len(refers_to)):
        work = [] if root in number else [(root, iter(sorted(refers_to[root])))]
        while work:
            node, others = work[-1]
            if node not in number:
                number[node] = lowest[node] = len(number)
                open_nodes[node] = None
            for other in others:
                if other not in number:
                    work.append((other, iter(sorted(refers_to[other]))))
                    break
                if other in open_nodes:
                    lowest[node] = min(lowest[node], number[other])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
                if lowest[node] == number[node]:
                    circles.append(_closed(node, open_nodes))
    return circles


def _closed(node: int, open_nodes: dict[int, None]) -> tuple[int, ...]:
    """Take from the open nodes those from `node` on."""
    circle = [node]
    while (last := open_nodes.popitem()[0]) != node:
        circle.append(last)
    return tuple(sorted(circle))
