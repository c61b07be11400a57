"""What is measured: each row is some streams of requests against a filled directory."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import quote

from bench.load import CONNECTIONS, Conversation, Stream, repeated
from bench.messages import Address, family_name, user_name
from bench.population import Population, additions

PAGE: Final = 100
CREATIONS: Final = 1_500
"""Users created in one round, at most, so that a fast server's directory does not outgrow a slow one's."""

ADDITIONS: Final = 500
"""Members added in one round, over all groups of a size."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A filled directory, and who is in it."""

    address: Address
    population: Population


Streams: TypeAlias = Callable[[Directory, int], Sequence[Stream]]
"""A row's requests: the directory, and how many connections to use."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured operation.

    `connections` is how many clients there are; `group` the size of the groups it needs; `floor` the floor it
    is compared with: `read`, or the name of a row set of the write floor. With `hub_only` peers have nothing
    like it. `batch` is the floor's commit size. `holds` names a list of the answer, and how many it has at least.
    """

    name: str
    title: str
    streams: Streams
    connections: int = CONNECTIONS
    group: int | None = None
    floor: str = ""
    hub_only: bool = False
    batch: int = 32
    holds: tuple[str, int] | None = None


def _by_id(directory: Directory, connections: int) -> Sequence[Stream]:
    ids = random.Random(1).sample(directory.population.users, min(2_000, len(directory.population.users)))
    requests = [directory.address.request("GET", f"/Users/{user_id}") for user_id in ids]
    return [repeated(itertools.cycle(requests), connections)]


def _by_name(directory: Directory, connections: int) -> Sequence[Stream]:
    people = range(len(directory.population.users))
    numbers = random.Random(2).sample(people, min(2_000, len(people)))
    requests = [directory.address.filtered(f'userName eq "{user_name(number)}"') for number in numbers]
    return [repeated(itertools.cycle(requests), connections)]


def _list(directory: Directory, connections: int) -> Sequence[Stream]:
    return [repeated(itertools.repeat(directory.address.page(1, PAGE)), connections)]


def _deep(directory: Directory, connections: int) -> Sequence[Stream]:
    start = len(directory.population.users) - PAGE + 1
    return [repeated(itertools.repeat(directory.address.page(start, PAGE)), connections)]


def _column_total(directory: Directory, connections: int) -> Sequence[Stream]:
    return [repeated(itertools.repeat(directory.address.filtered("active eq true", 10)), connections)]


def _scanned_total(directory: Directory, connections: int) -> Sequence[Stream]:
    expression = f'name.familyName eq "{family_name(len(directory.population.users) // 2)}"'
    return [repeated(itertools.repeat(directory.address.filtered(expression, 10)), connections)]


def _create(directory: Directory, connections: int) -> Sequence[Stream]:
    requests = directory.address.creations(directory.population.serial)
    return [repeated(itertools.islice(requests, CREATIONS), connections)]


def _activations(directory: Directory) -> Iterator[bytes]:
    """Each user in turn deactivated, then each reactivated, and so on: no request changes nothing."""
    users = directory.population.users
    for turn in directory.population.touched:
        is_active = turn // len(users) % 2 == 1
        yield directory.address.activation(users[turn % len(users)], is_active)


def _activate(directory: Directory, connections: int) -> Sequence[Stream]:
    return [repeated(_activations(directory), connections)]


def _replacements(directory: Directory) -> Iterator[bytes]:
    users = directory.population.users
    for turn in directory.population.touched:
        number = turn % len(users)
        yield directory.address.replacement(users[number], number, turn % 999_999 + 1)


def _replace(directory: Directory, connections: int) -> Sequence[Stream]:
    return [repeated(_replacements(directory), connections)]


def _adding_to(size: int) -> Streams:
    def streams(directory: Directory, connections: int) -> Sequence[Stream]:
        requests = additions(directory.address, directory.population, size, ADDITIONS)
        return [repeated(requests, connections)]

    return streams


def _get_group(size: int) -> Streams:
    def streams(directory: Directory, connections: int) -> Sequence[Stream]:
        group_id = directory.population.groups[size][0]
        return [repeated(itertools.repeat(directory.address.request("GET", f"/Groups/{group_id}")), connections)]

    return streams


def _walk(directory: Directory, connections: int) -> Sequence[Stream]:
    """Every client walks the whole directory by cursor, again and again."""
    first = directory.address.request("GET", f"/Users?cursor&count={PAGE}")

    def client() -> Conversation:
        def following(body: bytes) -> bytes:
            cursor = _next_cursor(body)
            if not cursor:
                return first
            return directory.address.request("GET", f"/Users?cursor={quote(cursor)}&count={PAGE}")

        return following

    return [Stream(client, connections)]


def _next_cursor(body: bytes) -> str:
    _, _, rest = body.partition(b'"nextCursor"')
    quoted = rest.split(b'"', 2)
    return quoted[1].decode() if len(quoted) > 2 else ""


def _mixed(directory: Directory, connections: int) -> Sequence[Stream]:
    """Two thirds read by id and by name, one third writes: PATCHes of `active`, and PUTs."""
    readers = connections * 2 // 3
    [by_id], [by_name] = _by_id(directory, 1), _by_name(directory, 1)
    [activate], [replace] = _activate(directory, 1), _replace(directory, 1)
    return [
        _alternating("reads", (by_id, by_name), readers),
        _alternating("writes", (activate, replace), connections - readers),
    ]


def _alternating(name: str, streams: tuple[Stream, Stream], connections: int) -> Stream:
    def client() -> Conversation:
        turn = itertools.cycle([stream.conversation() for stream in streams])
        return lambda body: next(turn)(body)

    return Stream(client, connections, name)


MAIN: Final = (
    Row("get", "get a user by id", _by_id, floor="read"),
    Row("eq", "`userName eq`", _by_name, floor="read", holds=("Resources", 1)),
    Row("list", "list of 100", _list, floor="read", holds=("Resources", PAGE)),
    Row("create", "create a user", _create, floor="create"),
    Row("create-alone", "create, one client alone", _create, 1, floor="create", batch=1),
    Row("patch", "PATCH `active`", _activate, floor="update"),
    Row("put", "PUT a user", _replace, floor="replace"),
    Row("add-10", "add a member to a group of 10", _adding_to(10), group=10, floor="member"),
    Row("add-1000", "… of 1,000", _adding_to(1_000), group=1_000, floor="member"),
    Row("add-10000", "… of 10,000", _adding_to(10_000), group=10_000, floor="member"),
    Row("add-100000", "… of 100,000", _adding_to(100_000), group=100_000, floor="member"),
    Row("group", "get a group of 10,000", _get_group(10_000), group=10_000, holds=("members", 10_000)),
    Row("deep", "the last index page of 100", _deep, holds=("Resources", PAGE)),
    Row("cursor", "cursor walk, pages of 100", _walk, hub_only=True, holds=("Resources", PAGE)),
    Row("total", "`active eq true`, 10 and the total", _column_total, holds=("Resources", 10)),
    Row("scan", "`name.familyName eq`, the total", _scanned_total, holds=("Resources", 1)),
    Row("mixed", "16 readers, 8 writers", _mixed, 24),
)
"""What every server is asked, with the number of users that `--users` says."""

LARGE: Final = (
    Row("large-get", "get a user by id", _by_id),
    Row("large-list", "list of 100", _list, holds=("Resources", PAGE)),
    Row("large-deep", "the last index page of 100", _deep, holds=("Resources", PAGE)),
    Row("large-cursor", "cursor walk, pages of 100", _walk, holds=("Resources", PAGE)),
    Row("large-total", "`active eq true`, 10 and the total", _column_total, holds=("Resources", 10)),
    Row("large-scan", "`name.familyName eq`, the total", _scanned_total, holds=("Resources", 1)),
    Row("large-add-10", "add a member to a group of 10", _adding_to(10), group=10),
    Row("large-add", "… of 100,000", _adding_to(100_000), group=100_000),
)
"""What the Hub is asked with 100,000 users."""
