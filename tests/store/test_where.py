"""A filter asked of the store finds exactly what the pure evaluator finds, on both engines; so does an order.

The evaluator looks at complete resources, each read by its id: with groups, also indirect ones, with members, with
the manager's name. What a filter may not ask is refused before anything is read.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hallway.hub.directories.listing import sort_key_of
from hallway.hub.directories.model import Directory, Kind
from hallway.ids import GROUP, USER, ResourceId, wire
from hallway.scim.json import JsonObject
from hallway.scim.match import predicate
from hallway.scim.problem import ScimProblem
from tests.store.stage import ENTERPRISE, Stage, new_directory, parsed_filter, path_of, search, staged

EXAMPLES = 130
PIECES = [
    "a", "A", "b", "ß", "ẞ", "ss", "SS", "İ", "i\u0307", "ı", "I", "Σ", "ς", "σ", "é", "E\u0301", "e", "\u0301", "K",
    "K", "Å", "ﬁ", "fi", "ŉ", "%", "_", "\\", "'", '"', "*", "(", " ", "@", ".", "\t", "😀", "\U0010ffff", "\uffff",
    "\ud7ff", "\ue000", "0", "漢", "ა", "Ა", "\u200d", "🏳️‍🌈",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=3).map("".join)
NAMES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=2).map("".join)
OPERATORS = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])
EQUALITY = st.sampled_from(["eq", "ne"])
ORDERS = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])

USER_TEXTS = [
    "userName", "displayName", "externalId", "title", "nickName", "name.familyName", "emails", "emails.value",
    "emails.type", "emails.display", "phoneNumbers.value", "meta.location", "meta.version", "meta.resourceType",
    "schemas", f"{ENTERPRISE}:employeeNumber", f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager.value",
    f"{ENTERPRISE}:manager", "profileUrl",
]  # fmt: skip
GROUP_TEXTS = ["displayName", "externalId", "meta.location", "schemas"]
USER_PRESENT = [*USER_TEXTS, "active", "name", "groups", "groups.value", "meta", "id", "addresses"]
GROUP_PRESENT = [*GROUP_TEXTS, "members", "members.value", "meta", "id"]
ELEMENTS = ["emails", "phoneNumbers"]


def elements(types: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Values of a multi-valued attribute."""
    element = st.fixed_dictionaries(
        {"value": st.one_of(TEXTS, st.sampled_from(["a@b", "A@b"]))},
        optional={"type": st.sampled_from(types), "display": TEXTS},
    )
    return st.lists(element, max_size=3)


def person() -> st.SearchStrategy[dict[str, Any]]:
    """What a client sends of a user; the userName is made unique when it is pushed."""
    enterprise = st.fixed_dictionaries(
        {}, optional={"employeeNumber": TEXTS, "department": TEXTS, "manager": st.integers(0, 5)}
    )
    return st.fixed_dictionaries(
        {"userName": NAMES},
        optional={
            "displayName": TEXTS, "externalId": TEXTS, "title": TEXTS, "nickName": TEXTS, "active": st.booleans(),
            "name": st.fixed_dictionaries({}, optional={"familyName": TEXTS, "givenName": TEXTS}),
            "emails": elements(["work", "home"]), "phoneNumbers": elements(["work", "mobile"]), ENTERPRISE: enterprise,
        },
    )  # fmt: skip


def crowd() -> st.SearchStrategy[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """People, and groups of them and of earlier groups."""
    group = st.fixed_dictionaries(
        {"displayName": NAMES, "users": st.sets(st.integers(0, 7), max_size=4), "groups": st.sets(st.integers(0, 5))},
        optional={"externalId": TEXTS},
    )
    return st.tuples(st.lists(person(), min_size=1, max_size=8), st.lists(group, max_size=5))


def leaf(kind: Kind) -> st.SearchStrategy[str]:
    """One condition."""
    texts = USER_TEXTS if kind is Kind.USER else GROUP_TEXTS
    rows = "groups" if kind is Kind.USER else "members"
    one_row = st.tuples(EQUALITY, st.integers(0, 12))
    found = [
        st.builds(_compared, st.sampled_from(texts), OPERATORS, TEXTS),
        st.builds(_compared, st.sampled_from(texts[:3]), OPERATORS, TEXTS),
        st.builds(lambda p: f"{p} pr", st.sampled_from(USER_PRESENT if kind is Kind.USER else GROUP_PRESENT)),
        st.builds(lambda p, o: f"{p} {o} null", st.sampled_from(texts), EQUALITY),
        st.builds(
            lambda p, o, n: f"{p} {o} <instant {n}>",
            st.sampled_from(["meta.created", "meta.lastModified"]), ORDERS, st.integers(-1, 20),
        ),
        st.builds(lambda o, n: f'id {o} "<one {n}>"', OPERATORS, st.integers(0, 12)),
        st.builds(lambda w: f'{rows}.value {w[0]} "<one {w[1]}>"', one_row),
        st.builds(lambda n: f'{rows}[value eq "<one {n}>"]', st.integers(0, 12)),
    ]  # fmt: skip
    if kind is Kind.USER:
        found.append(st.builds(lambda o, v: f"active {o} {json.dumps(v)}", EQUALITY, st.booleans()))
        found.append(st.builds(lambda p, f: f"{p}[{f}]", st.sampled_from(ELEMENTS), inner()))
    return st.one_of(found)


def inner() -> st.SearchStrategy[str]:
    """What stands between brackets."""
    condition = st.one_of(
        st.builds(_compared, st.just("value"), OPERATORS, TEXTS),
        st.builds(_compared, st.sampled_from(["type", "display"]), OPERATORS, st.one_of(TEXTS, st.just("work"))),
        st.sampled_from(["value pr", "display pr", "primary eq true"]),
    )
    return st.one_of(condition, nested(condition))


def nested(condition: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Conditions joined and negated."""
    return st.recursive(
        condition,
        lambda part: st.one_of(
            part.map(lambda one: f"not ({one})"),
            st.lists(part, min_size=2, max_size=3).map(lambda many: "(" + " and ".join(many) + ")"),
            st.lists(part, min_size=2, max_size=3).map(lambda many: "(" + " or ".join(many) + ")"),
        ),
        max_leaves=4,
    )


def questions(kind: Kind) -> st.SearchStrategy[list[tuple[str, str | None, bool]]]:
    """Filters, each with an order."""
    orders = [None, "displayName", "externalId", "meta.created", "meta.lastModified", "id"]
    if kind is Kind.USER:
        orders += ["userName", "name.familyName", "title", "emails.value", "active", f"{ENTERPRISE}:employeeNumber"]
    return st.lists(st.tuples(nested(leaf(kind)), st.sampled_from(orders), st.booleans()), min_size=6, max_size=12)


def _compared(path: str, operator: str, text: str) -> str:
    return f"{path} {operator} {json.dumps(text)}"


class Asked:
    """A stage with a loop of its own, since hypothesis calls functions."""

    def __init__(self, runner: asyncio.Runner, stage: Stage) -> None:
        self.runner = runner
        self.stage = stage
        self.numbers = iter(range(10**6))

    def judge(self, people: Any, groups: Any, asked: dict[Kind, list[tuple[str, str | None, bool]]]) -> None:
        """Push a crowd into a directory of its own and ask it."""
        self.runner.run(self._judge(people, groups, asked))

    async def _judge(self, people: Any, groups: Any, asked: dict[Kind, list[tuple[str, str | None, bool]]]) -> None:
        desk, owner = self.stage.desk, self.stage.directories[0].organization
        directory: Directory = await new_directory(desk, owner, "Staff")
        place = len(self.stage.directories)
        self.stage.directories = (*self.stage.directories, directory)
        ids = await self._pushed(people, groups, place)
        for kind, filters in asked.items():
            whole = await self.stage.whole(kind, place)
            for text, sort, descending in filters:
                await self._agrees(kind, place, _filled(text, ids, whole), (sort, descending), whole)

    async def _pushed(self, people: Any, groups: Any, place: int) -> list[str]:
        users: list[ResourceId] = []
        for person in people:
            body = {**person, "userName": f"{person['userName']}{next(self.numbers)}"}
            extension = dict(body.pop(ENTERPRISE, {}))
            if "manager" in extension:
                number = extension["manager"]
                known = number < len(users)
                extension["manager"] = {"value": wire(USER, users[number]) if known else f"Nobody {number}"}
            more = {ENTERPRISE: extension} if extension else {}
            name = body.pop("userName")
            users.append(await self.stage.user(name, place, **body, **more))
        made: list[ResourceId] = []
        for group in groups:
            name = f"{group['displayName']}{next(self.numbers)}"
            inside = tuple(made[one] for one in sorted(group["groups"]) if one < len(made))
            members = [users[one] for one in sorted(group["users"]) if one < len(users)]
            made.append(await self.stage.group(name, *members, groups=inside, place=place))
        return [*(wire(USER, one) for one in users), *(wire(GROUP, one) for one in made)]

    async def _agrees(
        self, kind: Kind, place: int, text: str, order: tuple[str | None, bool], whole: dict[ResourceId, JsonObject]
    ) -> None:
        sort, descending = order
        tree = parsed_filter(kind, text)
        wanted = predicate(tree)
        path = None if sort is None else path_of(kind, sort)
        keyed = [
            ((0, "") if path is None else sort_key_of(resource, path), one)
            for one, resource in whole.items()
            if wanted(resource)
        ]
        expected = [one for _, one in sorted(keyed, reverse=descending)]
        key, resources = self.stage.key_of(place), self.stage.resources
        page = await resources.page(key, search(kind, text, sort, count=100, descending=descending))
        assert ([one.id for one in page.stored], page.total, page.following) == (expected, len(expected), None), text
        walked, after = list[ResourceId](), None
        for start in range(1, len(expected) + 4, 3):
            asked = search(kind, text, sort, start=start, count=3, descending=descending)
            by_index = await resources.page(key, asked)
            assert [one.id for one in by_index.stored] == expected[start - 1 : start + 2], text
            assert by_index.total == len(expected)
        while True:
            asked = search(kind, text, sort, count=2, descending=descending, after=after)
            step = await resources.page(key, asked)
            walked += [one.id for one in step.stored]
            assert step.total == len(expected), text
            after = step.following
            if after is None:
                break
        assert walked == expected, text


def _filled(text: str, ids: list[str], whole: dict[ResourceId, JsonObject]) -> str:
    """Ids and instants of this crowd in the places that were left for them."""
    instants: list[str] = sorted(str(resource["meta"]["created"]) for resource in whole.values())  # type: ignore[index,call-overload]
    for number in range(13):
        text = text.replace(f"<one {number}>", ids[number] if number < len(ids) else f"user_{number:032x}")
    for number in range(-1, 21):
        known = instants[number] if 0 <= number < len(instants) else f"20{number + 21}-01-01T00:00:00.0000001Z"
        text = text.replace(f"<instant {number}>", json.dumps(known))
    return text


@contextmanager
def asking(url: str) -> Iterator[Asked]:
    """An open stage and its loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        context = staged(url)
        stage = runner.run(context.__aenter__())
        try:
            yield Asked(runner, stage)
        finally:
            runner.run(context.__aexit__(None, None, None))


def test_the_store_finds_what_the_evaluator_finds(database_url: str) -> None:
    with asking(database_url) as asked:

        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )  # fmt: skip
        @given(crowd(), questions(Kind.USER), questions(Kind.GROUP))
        def judged(people_and_groups: Any, of_users: Any, of_groups: Any) -> None:
            people, groups = people_and_groups
            asked.judge(people, groups, {Kind.USER: of_users, Kind.GROUP: of_groups})

        judged()


HARD_PEOPLE: list[dict[str, Any]] = [
    {"userName": "a", "emails": [{"value": "", "display": "none"}], "externalId": ""},
    {"userName": "e\u0301", "displayName": "E\u0301", ENTERPRISE: {"employeeNumber": "", "manager": 5}},
    {
        "userName": "STRASSE",
        "displayName": "stra\u1e9ee",
        "emails": [{"value": "B@x", "type": "work"}, {"value": "c@x"}],
    },
    {"userName": "z", "title": "x", ENTERPRISE: {"manager": 0}},
]
HARD_GROUPS: list[dict[str, Any]] = [
    {"displayName": "inner", "users": {0, 2}, "groups": set()},
    {"displayName": "outer", "users": {3}, "groups": {0}},
    {"displayName": "empty", "users": set(), "groups": set()},
]
HARD_USER_FILTERS = [
    f'{attribute} {operator} "{value}"'
    for attribute in ("emails.value", f"{ENTERPRISE}:employeeNumber", f"{ENTERPRISE}:manager.value", "externalId")
    for operator in ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")
    for value in ("", "b@x", "nobody 5", "Nobody", "body 5", "n", "Z")
] + [
    'userName co "e"', 'userName eq "\u00c9"', 'displayName ew "SE"', 'userName sw "stra\u00df"',
    'not (emails[value eq "b@x" and type eq "work"])', 'emails.value ne "b@x" and title eq "x"',
    'not (not (emails[value co "@" and type ne "work"]))',
    'groups.value eq "<one 5>" and title eq "x"', 'groups.value eq "<one 5>" and title ne "x"',
    'groups.value ne "<one 4>" and not (title eq "x")', 'groups[value eq "<one 4>"] or title eq "x"',
    'not (groups.value eq "<one 4>" or title eq "x")', 'groups pr and not (title eq "x")', "groups eq null or title pr",
    'groups.value eq "nobody" or title eq "x"', 'groups.$ref pr and title eq "x"', 'groups.type pr and title eq "x"',
]  # fmt: skip
HARD_GROUP_FILTERS = [
    'members.value eq "<one 0>" and meta.version pr', 'members[value eq "<one 4>"] or meta.location co "x"',
    'not (members.value eq "<one 2>") and id co "group"', 'members pr and id ne "<one 4>"',
    "members eq null and schemas pr", 'not (members.value eq "<one 2>" and id sw "user")', 'members.type pr and id pr',
]  # fmt: skip


def test_the_store_finds_what_the_evaluator_finds_in_hard_cases(database_url: str) -> None:
    with asking(database_url) as asked:
        users = [(text, sort, False) for text in HARD_USER_FILTERS for sort in (None, "name.familyName")]
        groups = [(text, None, True) for text in HARD_GROUP_FILTERS]
        asked.judge(HARD_PEOPLE, HARD_GROUPS, {Kind.USER: users, Kind.GROUP: groups})


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.GROUP, 'members.display eq "Ann"'),
        (Kind.GROUP, "members.display pr"),
        (Kind.GROUP, 'members[display eq "Ann"]'),
        (Kind.GROUP, 'members[value ne "user_1"]'),
        (Kind.GROUP, 'members.value sw "user_"'),
        (Kind.GROUP, 'not (members[value eq "user_1" and type eq "User"])'),
        (Kind.USER, 'groups.display co "Staff"'),
        (Kind.USER, 'title pr or groups.type eq "direct"'),
        (Kind.USER, f'{ENTERPRISE}:manager.displayName eq "Ann"'),
        (Kind.USER, f"{ENTERPRISE}:manager.$ref pr"),
    ],
)
async def test_what_is_joined_at_read_is_refused_and_never_answered_wrongly(
    sqlite_database: str, kind: Kind, text: str
) -> None:
    async with staged(sqlite_database) as stage:
        with pytest.raises(ScimProblem) as refused:
            await stage.resources.page(stage.key, search(kind, text))
    assert (refused.value.status, refused.value.scim_type) == (400, "invalidFilter")
