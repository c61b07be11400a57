"""Filling a server with users and groups, through its own API, and remembering who is there."""

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.load import Conversation, Limits, Outcome, Stream, run
from bench.messages import Address

SPARE: Final = 1_500
"""Users beyond the round number, in no group, for adding to groups."""

GROUPS_OF: Final = {10: 250, 1_000: 10}
"""How many groups of a size there are, so that adding members hardly changes the size; one of any other.

Fewer where there are not enough users: nobody is in two groups of one size, so that a user stays a user's size.
"""

FILL_SECONDS: Final = 60.0
LATE: Final = f"> {FILL_SECONDS:.0f} s"
_MEMBERS_AT_ONCE: Final = 5_000


class Refused(Exception):
    """The server did not take what it was sent, or not in time; `mark` is that in a word or two, for a table."""

    def __init__(self, reason: str, mark: str = "refused") -> None:
        super().__init__(reason)
        self.mark = mark


@dataclass(slots=True)
class Population:
    """Who is in a directory: users by number from 0, `spare` ones after them, groups by size.

    `missing` says of a size why there is no such group. `serial` numbers users that are yet to be created,
    and `touched` counts changes, so that no change repeats the last.
    """

    users: list[str]
    spare: list[str]
    groups: dict[int, list[str]] = field(default_factory=dict)
    missing: dict[int, Refused] = field(default_factory=dict)
    serial: Iterator[int] = field(default_factory=itertools.count)
    touched: Iterator[int] = field(default_factory=itertools.count)
    added: dict[int, int] = field(default_factory=dict)


def filled(address: Address, users: int, seconds: float = 600.0) -> Population:
    """Create the users, by 32 clients; raises `Refused`."""
    ids: dict[int, str] = {}
    numbers = iter(range(users + SPARE))
    requests = address.creations(numbers)

    def client() -> Conversation:
        return _remembering(requests, ids)

    outcome = run(address.port, [Stream(client)], Limits(seconds))
    _expect(outcome, users + SPARE)
    ordered = [ids[number] for number in sorted(ids)]
    serial = itertools.count(users + SPARE)
    return Population(ordered[:users], ordered[users:], serial=serial)


def _remembering(requests: Iterator[bytes], ids: dict[int, str]) -> Conversation:
    """Create users, and keep the id of each by the number in its name."""

    def following(body: bytes) -> bytes | None:
        if body:
            answer = json.loads(body)
            if "userName" in answer:
                ids[int(answer["userName"][4:11])] = answer["id"]
        return next(requests, None)

    return following


def with_groups(address: Address, population: Population, size: int, invented: bool = False) -> None:
    """Make the groups of one size; where that fails or takes a minute, `missing` says so.

    With `invented` the members are ids of nobody, for servers that do not ask who a member is.
    """
    began = time.monotonic()
    members = _nobodies(size) if invented else population.users
    count = min(GROUPS_OF.get(size, 1), len(members) // size)
    try:
        population.groups[size] = [
            _group(address, f"Group of {size}, number {number}", members[number * size :][:size], began)
            for number in range(count)
        ]
    except Refused as reason:
        population.missing[size] = reason


def _group(address: Address, name: str, members: Sequence[str], began: float) -> str:
    first, rest = members[:_MEMBERS_AT_ONCE], members[_MEMBERS_AT_ONCE:]
    group_id = str(json.loads(_asked(address, address.group(name, first), began))["id"])
    for start in range(0, len(rest), _MEMBERS_AT_ONCE):
        _asked(address, address.addition(group_id, rest[start : start + _MEMBERS_AT_ONCE]), began)
    return group_id


def _asked(address: Address, request: bytes, began: float) -> bytes:
    """The body of the answer to one request, if it comes before the minute is over."""
    left = began + FILL_SECONDS - time.monotonic()
    if left <= 0:
        raise Refused(f"the group was not filled in {FILL_SECONDS:.0f} s", LATE)
    return asked(address, request, left)


def asked(address: Address, request: bytes, patience: float = 60.0) -> bytes:
    """The body of the answer to one request; raises `Refused`."""
    bodies: list[bytes] = []

    def once() -> Conversation:
        requests = iter([request])

        def following(body: bytes) -> bytes | None:
            following_request = next(requests, None)
            if following_request is None:
                bodies.append(body)
            return following_request

        return following

    outcome = run(address.port, [Stream(once, 1)], Limits(patience, patience=0.0))
    if not outcome.finished or not bodies:
        raise Refused(f"the group was not filled in {FILL_SECONDS:.0f} s", LATE)
    _expect(outcome, 1)
    return bodies[0]


def _expect(outcome: Outcome, answers: int) -> None:
    for sample in outcome.samples:
        if sample.complaint:
            raise Refused(sample.complaint)
    if outcome.answers < answers:
        raise Refused(f"{outcome.answers} of {answers} in {outcome.seconds:.0f} s")


def _nobodies(count: int) -> list[str]:
    return [f"{number:08x}-0000-4000-8000-000000000000" for number in range(count)]


def additions(address: Address, population: Population, size: int, count: int) -> list[bytes]:
    """Requests that add `count` spare users to the groups of a size, in turn; none repeats an earlier one."""
    groups, spare = population.groups[size], population.spare
    first = population.added.get(size, 0)
    last = min(first + count, len(spare))
    population.added[size] = last
    return [address.addition(groups[place % len(groups)], [spare[place]]) for place in range(first, last)]
