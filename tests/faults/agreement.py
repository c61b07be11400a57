"""Whether a database agrees with itself: the journal with the rows, counters with what they count, and history."""

import itertools
import json
from collections import Counter, defaultdict
from typing import Any

import apsw
import asyncpg

from hallway.store.opening import sqlite_path

Row = tuple[Any, ...]


async def read(url: str, *queries: str) -> list[list[Row]]:
    """What plain SQL finds, past all of our own code."""
    path = sqlite_path(url)
    if path is not None:
        connection = apsw.Connection(str(path))
        try:
            return [[tuple(row) for row in connection.execute(query)] for query in queries]
        finally:
            connection.close()
    server = await asyncpg.connect(url, server_settings={"search_path": "hallway"})
    try:
        async with server.transaction(isolation="repeatable_read"):
            return [[tuple(row) for row in await server.fetch(query)] for query in queries]
    finally:
        await server.close()


async def disagreements(url: str) -> list[str]:
    """Every contradiction in a database, as sentences; none in a healthy one."""
    heads, journal, resources, counts, members, past, versions, keys = await read(
        url,
        "SELECT organization_id, seq FROM journal_head",
        "SELECT organization_id, seq, type, directory_id, subject_id, facts, exchange_id FROM journal ORDER BY 1, 2",
        "SELECT organization_id, directory_id, kind, id, seq, revision, members FROM resource",
        "SELECT organization_id, directory_id, kind, count FROM resource_count WHERE kind > 0",
        "SELECT organization_id, directory_id, group_id, member_id, member_kind, seq FROM member",
        "SELECT organization_id, directory_id, group_id, member_id, from_seq, to_seq FROM member_past",
        "SELECT organization_id, id, from_seq, to_seq, revision FROM resource_version ORDER BY 1, 2, 3",
        "SELECT k.organization_id FROM resource_key k LEFT JOIN resource r ON r.organization_id = k.organization_id"
        " AND r.directory_id = k.directory_id AND r.kind = k.kind AND r.id = k.id WHERE r.id IS NULL",
    )
    exchanges = {row[0] for row in (await read(url, "SELECT id FROM exchange"))[0]}
    found = _of_journal(heads, journal)
    found += [f"an entry without its exchange: {row[2]}" for row in journal if row[6] and row[6] not in exchanges]
    found += _of_counts(resources, counts, members)
    found += _of_members(journal, members, past)
    found += _of_versions(resources, versions, journal)
    found += [f"a key of nobody in {row[0].hex()}" for row in keys]
    return found


def _of_journal(heads: list[Row], journal: list[Row]) -> list[str]:
    """Gapless from 1 to the head, in every organization."""
    places = defaultdict(list)
    for row in journal:
        places[row[0]].append(row[1])
    return [
        f"journal of {org.hex()}: head {head}, entries {places[org][:3]} … {places[org][-3:]}"
        for org, head in heads
        if places[org] != list(range(1, head + 1))
    ]


def _of_counts(resources: list[Row], counts: list[Row], members: list[Row]) -> list[str]:
    counted = Counter((org, directory, kind) for org, directory, kind, *_ in resources)
    told = {(org, directory, kind): count for org, directory, kind, count in counts}
    found = [
        f"{told.get(key, 0)} of kind {key[2]} counted and {counted.get(key, 0)} there"
        for key in {*told, *counted}
        if told.get(key, 0) != counted.get(key, 0)
    ]
    sizes = Counter((org, directory, group) for org, directory, group, *_ in members)
    for org, directory, kind, one, _, _, size in resources:
        if kind == 2 and size != sizes[org, directory, one]:
            found.append(f"group {one.hex()} says {size} members and has {sizes[org, directory, one]}")
    there = {(org, directory, one): kind for org, directory, kind, one, *_ in resources}
    for org, directory, group, member, kind, _ in members:
        if there.get((org, directory, member)) != kind or there.get((org, directory, group)) != 2:
            found.append(f"{member.hex()} is in {group.hex()}, and one of them is not there")
    return found


def _of_members(journal: list[Row], members: list[Row], past: list[Row]) -> list[str]:
    """The journal, replayed, gives the members; every interval ends after it began, and none overlap."""
    replayed: dict[Row, set[str]] = defaultdict(set)
    for org, _, kind, directory, subject, facts, _ in journal:
        known = json.loads(facts)
        if kind in {"group.created", "group.members_changed"}:
            group = (org, directory, subject)
            replayed[group] |= {one.rpartition("_")[2] for one in known.get("added", [])}
            replayed[group] -= {one.rpartition("_")[2] for one in known.get("removed", [])}
        elif kind in {"user.deleted", "group.deleted"}:
            replayed.pop((org, directory, subject), None)
            for group, inside in replayed.items():
                if group[:2] == (org, directory):
                    inside.discard(subject.hex())
    now: dict[Row, set[str]] = defaultdict(set)
    for org, directory, group, member, *_ in members:
        now[org, directory, group].add(member.hex())
    found = [
        f"group {group[2].hex()}: {len(now[group])} rows, {len(replayed[group])} by the journal"
        for group in {*now, *replayed}
        if now[group] != replayed[group]
    ]
    ends: dict[Row, list[tuple[int, int]]] = defaultdict(list)
    for org, directory, group, member, began, ended in past:
        ends[org, directory, group, member].append((began, ended))
    for org, directory, group, member, _, began in members:
        ends[org, directory, group, member].append((began, 1 << 62))
    for who, intervals in ends.items():
        edges = [edge for interval in sorted(intervals) for edge in interval]
        if edges != sorted(edges) or any(began >= ended for began, ended in intervals):
            found.append(f"membership of {who[3].hex()} has intervals {sorted(intervals)}")
    return found


def _of_versions(resources: list[Row], versions: list[Row], journal: list[Row]) -> list[str]:
    """A resource's versions follow one another without a gap, and each begins at an entry about it."""
    entries = {(org, seq): subject for org, seq, _, _, subject, _, _ in journal}
    history: dict[Row, list[tuple[int, int]]] = defaultdict(list)
    for org, one, began, ended, _ in versions:
        history[org, one].append((began, ended))
    found = []
    for org, _, _, one, seq, _, _ in resources:
        history[org, one].append((seq, 0))
    for (org, one), intervals in history.items():
        if any(ended != following for (_, ended), (following, _) in itertools.pairwise(intervals)):
            found.append(f"versions of {one.hex()}: {intervals}")
        if any(entries.get((org, began)) != one for began, _ in intervals):
            found.append(f"a version of {one.hex()} begins where the journal speaks of somebody else: {intervals}")
    return found
