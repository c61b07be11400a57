"""One SQL text for both engines, and a step of a write.

Rules: parameters are `?1`, `?2` …, `?1` is always the organization; the first column of a read, and of every
`RETURNING`, is `organization_id`. `IN {ids:3}`, `IN {texts:3}` and `IN {ints:3}` ask for an element of an array
parameter; `{seq:5}` is the parameter that takes the change's place in the journal.
`tests/store/test_schema.py` reads every statement and holds it to these rules.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import orjson

Params: TypeAlias = tuple[object, ...]
ResultRow: TypeAlias = Sequence[object]

SEQ: Final = object()
"""Stands in parameters for the `seq` of the change's first journal entry."""

_ARRAY = re.compile(r"IN \{(ids|texts|ints):(\d+)\}")
_SEQ = re.compile(r"\{seq:(\d+)\}")
_PARAMETER = re.compile(r"\?(\d+)")

_SQLITE_WORDS: Final = {
    "{lock}": "",
    "{instr}": "instr",
    "{hex_of_group}": "lower(hex(g.id))",
    "{hex_of_its_group}": "lower(hex(m.group_id))",
    "{join_texts}": "group_concat",
    "{json_text}": "json_quote",
    "{chr}": "char",
    "{by_group}": "",  # the index gives that order, and sorting again would cost a tree for each user
    "{as_text}": "",
    "{plus}": "+",
}
_POSTGRES_WORDS: Final = {
    "{lock}": "FOR UPDATE",
    "{instr}": "strpos",
    "{hex_of_group}": "encode(g.id, 'hex')",
    "{hex_of_its_group}": "encode(m.group_id, 'hex')",
    "{join_texts}": "string_agg",
    "{json_text}": "to_json",
    "{chr}": "chr",
    "{by_group}": " ORDER BY m.group_id",
    "{as_text}": "::text",
    "{plus}": "",
}
"""The few words in which the engines differ."""
_POSTGRES_TYPES: Final = {"ids": "bytea", "texts": "text", "ints": "bigint"}

ALL: Final[dict[str, "Statement"]] = {}
"""Every named statement, for the lint."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A named SQL text, written in the subset that both engines share.

    `seq_at` is the index of the parameter that takes `SEQ`, -1 for none; `is_read` is whether it writes nothing.
    """

    name: str
    sqlite: str
    postgres: str
    has_arrays: bool = False
    seq_at: int = -1
    is_read: bool = False


def statement(name: str, sql: str) -> Statement:
    """Name an SQL text and translate it for both engines."""
    made = translated(name, sql)
    if name in ALL:
        raise ValueError(f"two statements are named {name}")
    ALL[name] = made
    return made


def translated(name: str, sql: str) -> Statement:
    """The text for each engine, not registered: for conditions that are made of a filter."""
    marked = " ".join(sql.split())
    place = _SEQ.search(marked)
    tidy = _SEQ.sub(r"?\1", marked)
    sqlite = _marked(_ARRAY.sub(_sqlite_array, tidy), _SQLITE_WORDS)
    postgres = _marked(_ARRAY.sub(_postgres_array, tidy), _POSTGRES_WORDS)
    has_arrays = _ARRAY.search(tidy) is not None
    sqlite, postgres = sqlite.strip(), _PARAMETER.sub(r"$\1", postgres).strip()
    seq_at = int(place[1]) - 1 if place else -1
    return Statement(name, sqlite, postgres, has_arrays, seq_at, sqlite.startswith("SELECT"))


def _marked(sql: str, words: Mapping[str, str]) -> str:
    for word, text in words.items():
        sql = sql.replace(word, text)
    return sql


def _sqlite_array(match: re.Match[str]) -> str:
    value = "unhex(value)" if match[1] == "ids" else "value"
    return f"IN (SELECT {value} FROM json_each(?{match[2]}))"


def _postgres_array(match: re.Match[str]) -> str:
    kind = _POSTGRES_TYPES[match[1]]
    # ANY of an array looks each element up by index; a sub-select is joined as the planner guesses.
    return f"= ANY(?{match[2]}::{kind}[])"


def sqlite_params(statement: Statement, params: Params) -> Params:
    """Arrays become JSON text, since SQLite has no array parameter."""
    if not statement.has_arrays:
        return params
    return tuple(_json_array(p) if isinstance(p, tuple | list) else p for p in params)


def _json_array(values: Sequence[object]) -> str:
    return orjson.dumps([v.hex() if isinstance(v, bytes) else v for v in values]).decode()


class Step(NamedTuple):
    """One statement of a change. `must` is how many rows it has to return; otherwise the change is stale.

    A statement with `must` ends in RETURNING organization_id, or is a question: a read that has to find as many.
    A question is true only once everything that it guards is written: the changes of a batch go statement by
    statement, so one that stood before a row would be answered for all of them before any has written its own, and two
    who each count on the other would both pass. `asked_last` puts questions behind all that a change writes, in
    whatever order a room names its rows. What writes nothing new but is an UPDATE (a revision that is held) is no
    question for it: it stands behind the rows that it guards, unless the change itself moves that revision.
    """

    statement: Statement
    params: Params
    must: int | None = None


def asked_last(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps with the questions behind the rest; either part stays in its order."""
    questions = [step for step in steps if step.must is not None and step.statement.is_read]
    if not questions:
        return tuple(steps)
    return (*(step for step in steps if step.must is None or not step.statement.is_read), *questions)


StepsOf: TypeAlias = Callable[[object], Sequence[Step]]
