"""What lists of people and groups for pages have to do, on either engine; see `conformance.py`."""

from collections import Counter
from dataclasses import replace

from hallway.exchanges.model import Exchange, Gathered
from hallway.hub.directories.activity import Asked, Outcome
from hallway.hub.directories.model import Kind
from hallway.hub.directories.people import PAGE, Wanted
from hallway.ids import ExchangeId, ResourceId
from hallway.journal.model import Change
from hallway.store.activity import ActivityStore
from hallway.store.counters import CounterStore
from hallway.store.people import PeopleStore
from tests.store.stage import ENTERPRISE, Stage

OFF = {"op": "replace", "path": "active", "value": False}


async def _names(stage: Stage, wanted: Wanted, place: int = 0) -> list[str]:
    page = await PeopleStore(stage.database).page(stage.key_of(place), wanted)
    return [one.name for one in page.listed]


async def holds_people_are_listed_by_name_a_page_at_a_time(stage: Stage) -> None:
    """Each person once, in the order of folded names; a page goes on behind the last one."""
    made = [f"{'Uu'[n % 2]}ser{n:03d}" for n in range(PAGE + 7)]
    for name in reversed(made):
        await stage.user(name)
    await stage.user("zoe", 1)
    people = PeopleStore(stage.database)
    first = await people.page(stage.key, Wanted(Kind.USER))
    assert [one.name for one in first.listed] == made[:PAGE] and first.more
    rest = await people.page(stage.key, Wanted(Kind.USER, after=first.listed[-1].id))
    assert [one.name for one in rest.listed] == made[PAGE:] and not rest.more


async def holds_people_are_found_anywhere_in_a_name(stage: Stage) -> None:
    """In userName, displayName and e-mail, without case; what LIKE would take for a pattern is text."""
    await stage.user("ada@example.com", displayName="Ada Lovelace")
    await stage.user("b@example.com", displayName="Ünal 100%", emails=[{"value": "Countess@Example.org"}])
    await stage.user("c_c@example.com", **{ENTERPRISE: {"employeeNumber": "lovelace"}})
    await stage.user("lovelace", 1)
    wanted = {
        "LOVELACE": ["ada@example.com"], " love ": ["ada@example.com"], "üNAL": ["b@example.com"],
        "0%": ["b@example.com"], "%": ["b@example.com"], "_": ["c_c@example.com"], "countess": ["b@example.com"],
        "example": ["ada@example.com", "b@example.com", "c_c@example.com"], "nobody": [],
    }  # fmt: skip
    assert {text: await _names(stage, Wanted(Kind.USER, text)) for text in wanted} == wanted


async def holds_a_search_goes_on_behind_the_last_one_found(stage: Stage) -> None:
    """Also where some are found by one name and some by another."""
    for number in range(PAGE + 5):
        name = f"u{number:03d}"
        await stage.user(name if number % 2 else f"{name}-team", displayName="team" if number % 2 else "x")
    people = PeopleStore(stage.database)
    first = await people.page(stage.key, Wanted(Kind.USER, "team"))
    rest = await people.page(stage.key, Wanted(Kind.USER, "team", after=first.listed[-1].id))
    assert (len(first.listed), first.more, len(rest.listed), rest.more) == (PAGE, True, 5, False)
    names = [one.name for page in (first, rest) for one in page.listed]
    assert names == sorted(names) and len(set(names)) == PAGE + 5


async def holds_nobody_is_left_out_where_very_many_are_found(stage: Stage) -> None:
    """By displayName, by e-mail, or by one of several e-mails; those whose names come first were pushed last."""
    made = [f"u{number:03d}" for number in range(300)]
    for place, name in enumerate(reversed(made)):
        emails = [{"value": f"{name}.{way}@team.example"} for way in ("work", "home")]
        await stage.user(name, **({"displayName": "A team"} if place % 2 else {"emails": emails}))
        await stage.user(f"only{name}", displayName="Crew", emails=[{"value": f"{name}@staff.example"}])
    people = PeopleStore(stage.database)
    for text, expected in (("team", made), ("crew", [f"only{name}" for name in made]),
                           ("staff", [f"only{name}" for name in made])):  # fmt: skip
        names: list[str] = []
        page = await people.page(stage.key, Wanted(Kind.USER, text))
        while True:
            names += [one.name for one in page.listed]
            if not page.more:
                break
            page = await people.page(stage.key, Wanted(Kind.USER, text, after=page.listed[-1].id))
        assert names == expected, text


async def holds_people_are_listed_by_state(stage: Stage) -> None:
    """Who has no `active` counts as active; newest first, and in the order of names where one searches."""
    ada, bob, cyd = [await stage.user(name, active=True) for name in ("ada", "bob", "cyd")]
    await stage.user("dan")
    for one in (ada, cyd):
        await stage.patch_user(one, OFF)
    await stage.delete_user(bob)
    assert await _names(stage, Wanted(Kind.USER, active=False)) == ["cyd", "ada"]
    assert await _names(stage, Wanted(Kind.USER, active=True)) == ["dan"]
    assert await _names(stage, Wanted(Kind.USER, active=False, after=cyd)) == ["ada"]
    assert await _names(stage, Wanted(Kind.USER, "a", active=False)) == ["ada"]
    assert await _names(stage, Wanted(Kind.USER, "a", active=True)) == ["dan"]
    assert await _names(stage, Wanted(Kind.USER)) == ["ada", "cyd", "dan"]


async def holds_groups_are_listed_and_found(stage: Stage) -> None:
    """By displayName, with how many members they have; two of the same name are two."""
    ada = await stage.user("ada")
    for number in range(PAGE + 3):
        await stage.group(f"Team {number:03d}", *([ada] if number == 0 else []))
    await stage.group("engineering", place=1)
    people = PeopleStore(stage.database)
    first = await people.page(stage.key, Wanted(Kind.GROUP))
    assert (first.listed[0].name, first.listed[0].members, first.more) == ("Team 000", 1, True)
    rest = await people.page(stage.key, Wanted(Kind.GROUP, after=first.listed[-1].id))
    assert [one.name for one in rest.listed] == ["Team 050", "Team 051", "Team 052"] and not rest.more
    assert await _names(stage, Wanted(Kind.GROUP, "M 01")) == [f"Team 01{digit}" for digit in range(10)]
    assert await _names(stage, Wanted(Kind.GROUP, "engineer")) == []


async def holds_members_of_a_group_are_listed_a_page_at_a_time(stage: Stage) -> None:
    """Users and groups; nobody of another group."""
    ids = [await stage.user(f"u{number:03d}") for number in range(PAGE + 2)]
    inner = await stage.group("inner", ids[0])
    outer = await stage.group("outer", *ids, groups=(inner,))
    people = PeopleStore(stage.database)
    first = await people.members(stage.key, outer, None)
    rest = await people.members(stage.key, outer, first.listed[-1].id)
    assert first.more and not rest.more
    assert {one.id for page in (first, rest) for one in page.listed} == {*ids, inner}
    assert [one.id for one in (await people.members(stage.key, inner, None)).listed] == [ids[0]]


async def holds_names_are_read_for_ids(stage: Stage) -> None:
    """Users and groups of this directory; who is gone, or another directory's, is not there."""
    ada = await stage.user("ada", displayName="Ada")
    team = await stage.group("Team")
    gone, other = await stage.user("gone"), await stage.user("other", 1)
    await stage.delete_user(gone)
    people = PeopleStore(stage.database)
    names = await people.names(stage.key, [ada, team, gone, other])
    assert {one: listed.called for one, listed in names.items()} == {ada: "Ada", team: "Team"}
    assert await people.names(stage.key, []) == {}


async def holds_a_persons_history_has_her_changes_and_her_groups(stage: Stage) -> None:
    """Newest first; also of somebody who was deleted."""
    ada, bob = await stage.user("ada"), await stage.user("bob")
    team = await stage.group("Team", bob)
    await stage.patch_user(ada, {"op": "replace", "path": "title", "value": "x"})
    await stage.patch_group(team, {"op": "add", "path": "members", "value": [{"value": f"user_{ada.hex()}"}]})
    await stage.patch_group(team, {"op": "remove", "path": f'members[value eq "user_{ada.hex()}"]'})
    await stage.delete_user(ada)
    people = PeopleStore(stage.database)
    history = await people.history(stage.key, ada, 10)
    assert [one.entry.type for one in history] == [
        "user.deleted", "group.members_changed", "group.members_changed", "user.updated", "user.created",
    ]  # fmt: skip
    assert [one.entry.type for one in await people.history(stage.key, ada, 2)] == [
        "user.deleted", "group.members_changed",
    ]  # fmt: skip
    found = await people.entries(stage.key.organization_id, [one.seq for one in history])
    assert [found[one.seq] for one in history] == list(history)
    assert await people.entries(stage.key.organization_id, []) == {}


async def holds_an_exchanges_entries_are_found_from_its_first_one(stage: Stage) -> None:
    """Those of others between them are left out."""
    cause = ExchangeId(b"e" * 16)
    org = stage.key.organization_id
    seqs = []
    for one in (cause, None, cause):
        entry = replace(stage.entry("user.updated", b"s" * 16), exchange_id=one)
        seqs.append(await stage.database.commit(Change(org, (), (entry,), entry.id)))
    found = await PeopleStore(stage.database).entries_of(org, seqs[0], cause)
    assert [one.seq for one in found] == [seqs[0], seqs[2]]


async def holds_exchanges_are_found_by_outcome_person_and_path(stage: Stage) -> None:
    """Newest first; of one directory; a page goes on behind the last one."""
    org, place = stage.key.organization_id, stage.key.directory_id
    ada = ResourceId(b"a" * 16)
    kinds = [("POST", "/Users", 201, ada), ("GET", "/Users", 200, None), ("PATCH", "/Users/ada", 400, None),
             ("POST", "/Groups", 409, None), ("PUT", "/Users/bob", 200, ResourceId(b"b" * 16))]  # fmt: skip
    made = []
    for number, (method, path, status, resource) in enumerate(kinds):
        one = ExchangeId(stage.desk.fresh_id())
        exchange = Exchange(one, org, place, None, number, method, path, status, 1, answer_resource=resource)
        await stage.write(exchange, entries=int(method == "POST" and status == 201))
        made.append(one)
    activity = ActivityStore(stage.database)

    async def found(asked: Asked) -> list[int]:
        return [made.index(one.id) for one in await activity.exchanges(stage.key, asked)]

    assert await found(Asked()) == [4, 3, 2, 1, 0]
    assert await found(Asked(Outcome.REFUSED)) == [3, 2]
    assert await found(Asked(Outcome.CHANGED)) == [0]
    assert await found(Asked(Outcome.READ)) == [1]
    assert await found(Asked(status=409)) == [3]
    assert await found(Asked(path="/Groups")) == [3]
    assert await found(Asked(people=(ada,), paths=("/Users/ada",))) == [2, 0]
    assert await found(Asked(Outcome.REFUSED, people=(ada,), paths=("/Users/ada",))) == [2]
    assert await found(Asked(people=())) == []
    assert await found(Asked(before=made[2])) == [1, 0]
    assert await activity.exchanges(stage.key_of(1), Asked()) == []


async def holds_requests_are_counted_by_the_hour(stage: Stage) -> None:
    """From an hour on, each sort apart."""
    org, place = stage.key.organization_id, stage.key.directory_id
    store = CounterStore(stage.database)
    requests = Counter({(org, place, 7, "read"): 2, (org, place, 8, "read"): 3, (org, place, 8, "refused"): 1})
    await store.write(Gathered(requests=requests), 0)
    await store.write(Gathered(requests=Counter({(org, place, 8, "read"): 4})), 0)
    counts = await ActivityStore(stage.database).counts(stage.key, 8)
    assert counts == {8: {"read": 7, "refused": 1}}
    assert await ActivityStore(stage.database).counts(stage.key_of(1), 0) == {}
