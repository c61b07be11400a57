"""The floor of writes: a script that inserts the rows of one request, with the Hub's commit size.

`python -m bench.floor_write create --batch 32 --seconds 1 --directory DIR` prints JSON: rows sets a second,
and CPU microseconds for each. It decides, checks and encodes nothing: the values are made before the clock starts,
except for what no two rows may share.

Rules: the schema is the Hub's own; the file is opened with the Hub's pragmas (WAL, synchronous=FULL); before the
clock starts it holds as many users as the directories that the servers are asked about.
"""

import argparse
import hashlib
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import apsw

from bench.messages import Address, user_name
from hallway.store.migrate import steps

ORGANIZATION: Final = bytes(16)
DIRECTORY: Final = b"\x01" * 16
TOKEN: Final = b"\x02" * 16
GROUP: Final = b"\x03" * 16

_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-32768",
    "temp_store=MEMORY",
)

RowSet: TypeAlias = Callable[["Floor"], None]


def _insert(table: str, columns: str) -> str:
    marks = ", ".join("?" * len(columns.split(",")))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})"


RESOURCE: Final = _insert(
    "resource",
    "organization_id, directory_id, kind, id, seq, revision, schema_version, created_at, modified_at, name_key, "
    "external_id, display, display_key, active, members, document",
)
KEY: Final = _insert("resource_key", "organization_id, directory_id, kind, attribute, value, id")
JOURNAL: Final = _insert(
    "journal",
    "organization_id, seq, id, type, at, actor_kind, actor_id, directory_id, subject_id, exchange_id, facts, "
    "personal_hash",
)
PERSONAL: Final = _insert("journal_personal", "organization_id, seq, salt, body")
EXCHANGE: Final = _insert(
    "exchange",
    "organization_id, id, directory_id, token_id, seq, at, method, path, status, duration, client, address, "
    "content_type, accept, request, request_note, quirks, answer_resource, answer_revision, not_applied",
)
MEMBER: Final = _insert("member", "organization_id, directory_id, group_id, member_id, member_kind, seq")
VERSION: Final = """INSERT INTO resource_version (organization_id, directory_id, kind, id, from_seq, to_seq, revision,
    schema_version, created_at, modified_at, hidden, document)
    SELECT organization_id, directory_id, kind, id, seq, ?, revision, schema_version, created_at, modified_at, hidden,
    document FROM resource WHERE organization_id = ? AND directory_id = ? AND kind = 1 AND id = ?"""
UPDATE: Final = """UPDATE resource SET seq = ?, revision = revision + 1, modified_at = ?, active = ?, document = ?
    WHERE organization_id = ? AND directory_id = ? AND kind = 1 AND id = ?"""
TOUCH: Final = """UPDATE resource SET revision = revision + 1, members = members + 1, modified_at = ?
    WHERE organization_id = ? AND directory_id = ? AND kind = 2 AND id = ?"""
COUNT: Final = """INSERT INTO resource_count (organization_id, directory_id, kind, count) VALUES (?, ?, 1, 1)
    ON CONFLICT (organization_id, directory_id, kind) DO UPDATE SET count = count + 1"""
HEAD: Final = "UPDATE journal_head SET seq = ? WHERE organization_id = ?"


@dataclass(slots=True)
class Floor:
    """An open file, and the values that every row set shares."""

    connection: apsw.Connection
    numbers: Iterator[int] = field(default_factory=itertools.count)
    users: list[bytes] = field(default_factory=list)
    seq: int = 0
    document: bytes = b""
    personal: bytes = b""
    activation: bytes = b""
    addition: bytes = b""
    facts: bytes = b'{"attributes":["active"]}'
    client: str = "bench/1 (a directory's own name and version)"

    def __post_init__(self) -> None:
        request = next(Address("http://127.0.0.1:80/scim", "").creations([7]))
        sent = json.loads(request.partition(b"\r\n\r\n")[2])
        self.document = json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode()[:-1]
        label = {"userName": sent["userName"], "displayName": sent["displayName"]}
        self.personal = _compact({**label, "actor": self.client, "address": "127.0.0.1"})
        address = Address("http://127.0.0.1:80/scim", "")
        one = f"user_{bytes(16).hex()}"
        self.activation = _body(address.activation(one, False))
        self.addition = _body(address.addition(f"group_{bytes(16).hex()}", [one]))


def _compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _body(request: bytes) -> bytes:
    """The body of a request as the Hub keeps it in the exchange."""
    return _compact(json.loads(request.partition(b"\r\n\r\n")[2]))


def create(floor: Floor) -> None:
    """The rows of one created user: itself, five keys, its count, the journal's two, the exchange."""
    number = next(floor.numbers)
    user_id = number.to_bytes(16, "big")
    name = user_name(number)
    floor.users.append(user_id)
    seq, at = _journalled(floor, "user.created", user_id, floor.document)
    place = (ORGANIZATION, DIRECTORY, 1)
    columns = (name, f"external-{number:07d}", "Joana Ferreira", "joana ferreira", 1, 0, floor.document)
    floor.connection.execute(RESOURCE, (*place, user_id, seq, 1, 1, at, at, *columns))
    for attribute in range(5):
        floor.connection.execute(KEY, (*place, attribute, f"value {number:07d}", user_id))
    floor.connection.execute(COUNT, place[:2])


def update(floor: Floor) -> None:
    """The rows of one PATCH of a user: its new document, the old one's version, journal, exchange."""
    _update(floor, floor.activation)


def replace(floor: Floor) -> None:
    """The rows of one PUT: those of a PATCH, and the exchange keeps the whole document."""
    _update(floor, floor.document)


def _update(floor: Floor, request: bytes) -> None:
    number = next(floor.numbers)
    user_id = floor.users[number % len(floor.users)]
    seq, at = _journalled(floor, "user.updated", user_id, request)
    where = (ORGANIZATION, DIRECTORY, user_id)
    floor.connection.execute(VERSION, (seq, *where))
    floor.connection.execute(UPDATE, (seq, at, number % 2, floor.document, *where))


def member(floor: Floor) -> None:
    """The rows of one added member: itself, its group's revision, journal, exchange."""
    user_id = floor.users[next(floor.numbers) % len(floor.users)]
    seq, at = _journalled(floor, "group.members_changed", GROUP, floor.addition)
    floor.connection.execute(TOUCH, (at, ORGANIZATION, DIRECTORY, GROUP))
    group_id = seq.to_bytes(16, "big")
    floor.connection.execute(MEMBER, (ORGANIZATION, DIRECTORY, group_id, user_id, 1, seq))


ROW_SETS: Final[dict[str, RowSet]] = {"create": create, "update": update, "replace": replace, "member": member}


def _journalled(floor: Floor, event: str, subject: bytes, request: bytes) -> tuple[int, int]:
    """The journal's entry with its personal part, and the exchange that caused it; their place and time."""
    floor.seq = seq = floor.seq + 1
    at = time.time_ns() // 1000
    moment = at.to_bytes(8, "big")  # ids sort by time, as the Hub's do
    exchange_id, entry_id, salt = moment + os.urandom(8), moment + os.urandom(8), os.urandom(16)
    digest = hashlib.sha256(salt + floor.personal).digest()
    who = ("token", TOKEN, DIRECTORY, subject, exchange_id)
    run = floor.connection.execute
    run(JOURNAL, (ORGANIZATION, seq, entry_id, event, at, *who, floor.facts, digest))
    run(PERSONAL, (ORGANIZATION, seq, salt, floor.personal))
    media = "application/scim+json"
    head = (ORGANIZATION, exchange_id, DIRECTORY, TOKEN, seq, at, "POST", "/Users", 201, 900)
    told = (floor.client, "127.0.0.1", media, media, request, "", "", subject, 1, "")
    run(EXCHANGE, (*head, *told))
    return seq, at


def opened(directory: Path, users: int) -> Floor:
    """A fresh file with the Hub's schema and as many users; before the clock starts."""
    path = directory / "floor.db"
    for name in (path, path.with_name("floor.db-wal"), path.with_name("floor.db-shm")):
        name.unlink(missing_ok=True)
    connection = apsw.Connection(str(path), statementcachesize=256)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    for step in steps("sqlite"):
        for statement in step.statements:
            connection.execute(statement)
    floor = Floor(connection)
    connection.execute("INSERT INTO journal_head (organization_id, seq) VALUES (?, 0)", (ORGANIZATION,))
    for _ in range(0, users, 1_000):
        commit(floor, create, 1_000)
    group = (ORGANIZATION, DIRECTORY, 2, GROUP, 0, 1, 1, 0, 0, None, None, "", "", None, 0, b"{")
    connection.execute(RESOURCE, group)
    return floor


def commit(floor: Floor, row_set: RowSet, batch: int) -> None:
    """One transaction of as many row sets, without savepoints: the Hub needs them only where something is stale."""
    run = floor.connection.execute
    run("BEGIN IMMEDIATE")
    for _ in range(batch):
        row_set(floor)
    run(HEAD, (floor.seq, ORGANIZATION))
    run("COMMIT")


def measured(floor: Floor, row_set: RowSet, batch: int, seconds: float) -> dict[str, float]:
    """Row sets a second, and CPU microseconds of each."""
    count = 0
    latencies = []
    cpu, begun = time.process_time(), time.perf_counter()
    now = begun
    while now - begun < seconds:
        commit(floor, row_set, batch)
        count += batch
        then, now = now, time.perf_counter()
        latencies.append(now - then)
    elapsed, cpu = time.perf_counter() - begun, time.process_time() - cpu
    latencies.sort()
    return {
        "rate": count / elapsed,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1000,
        "cpu_us": cpu / count * 1e6,
        "requests": count,
    }


def main() -> None:
    """Measure one row set and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row_set", choices=ROW_SETS)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--core", type=int)
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    floor = opened(options.directory, options.users)
    result = measured(floor, ROW_SETS[options.row_set], options.batch, options.seconds)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
