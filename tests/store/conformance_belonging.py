"""What a directory may do to an organization's members, on either engine: IDENTITY's sentences, each a test."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from hallway.accounts.model import NewAccount
from hallway.hub.directories.administration import Administration, Parting, People
from hallway.hub.directories.links import LinkAbsent, MemberLink, NewLink, Reason
from hallway.hub.directories.model import Kind, Rules
from hallway.hub.directories.users import create_user, delete_user
from hallway.hub.organizations.inviting import may_accept
from hallway.hub.organizations.leaving import returned
from hallway.hub.organizations.members import Member, MemberState, MemberUpdate, NewMember, Role, Source
from hallway.ids import AccountId, MemberId, OrganizationId, ResourceId
from hallway.journal.model import Change, Stale
from hallway.scim.problem import ScimProblem
from hallway.store.accounts import AccountStore
from hallway.store.journal import JournalStore
from hallway.store.links import LinkStore
from hallway.store.members import MemberStore
from hallway.store.statement import Step, statement
from tests.store.conformance_accounts import account_of
from tests.store.stage import ACTOR, CATALOGUE, Stage, user_body

OFF = {"op": "replace", "path": "active", "value": False}
ON = {"op": "replace", "path": "active", "value": True}
DOMAIN = statement(
    "tests_domain_insert",
    """INSERT INTO domain (organization_id, name, state, challenge, created_at, proved_at, checked_at, failing_since,
         finding, development, version) VALUES (?1, ?2, ?3, '', 0, 0, ?4, ?5, '', 0, 1)""",
)
DAY = 86_400 * 1_000_000


async def prove(stage: Stage, name: str, state: str = "proved", failing_days: int | None = None) -> None:
    """A domain of the first organization; nobody remembers that it was not."""
    failing = None if failing_days is None else 0
    params = (stage.key.organization_id, name, state, (failing_days or 0) * DAY, failing)
    await stage.database.run([Step(DOMAIN, params)])
    links = stage.desk.ties.links
    assert isinstance(links, LinkStore)
    links._proved.clear()


async def member(stage: Stage, email: str, place: int = 0) -> Member | None:
    """Who has an address; the living one first."""
    org = stage.key_of(place).organization_id
    found = list(await MemberStore(stage.database).by_email(org, email))
    return min(found, key=lambda one: one.state is MemberState.DEACTIVATED, default=None)


async def existing(stage: Stage, email: str, role: Role = Role.USER, **more: Any) -> Member:
    """A member who was there before, with an account."""
    now = stage.desk.clock()
    account = AccountId(stage.desk.fresh_id())
    made = Member(
        MemberId(stage.desk.fresh_id()), stage.key.organization_id, email, "", role, MemberState.ACTIVE,
        Source.INVITED, now, now, account, joined_at=now,
    )  # fmt: skip
    made = replace(made, **more)
    entry = stage.entry("member.added", made.id)
    await stage.database.commit(Change(made.organization_id, (NewMember(made),), (entry,), entry.id))
    return made


async def events(stage: Stage) -> list[tuple[str, object]]:
    """Entries about members, with their reason."""
    written = await JournalStore(stage.database).after(stage.key.organization_id, 0, 10_000)
    return [(one.entry.type, one.entry.facts.get("reason")) for one in written if one.entry.type.startswith("member.")]


async def adopted(stage: Stage, user: ResourceId, who: Member) -> None:
    """An administrator linked the two."""
    link = MemberLink(stage.key, user, who.id, Reason.CONFIRMED, stage.desk.clock())
    entry = stage.entry("member.linked", who.id)
    await stage.database.commit(Change(stage.key.organization_id, (NewLink(link),), (entry,), entry.id))


async def holds_a_pushed_user_inside_a_proved_domain_becomes_a_member(stage: Stage) -> None:
    """At once, linked with reason and time, owned by the directory, without an account."""
    await prove(stage, "acme.example")
    ada = await stage.user("Ada@Acme.Example", displayName="Ada Byron")
    found = await member(stage, "ada@acme.example")
    assert found is not None
    assert (found.state, found.role, found.source) == (MemberState.ACTIVE, Role.USER, Source.DIRECTORY)
    assert (found.name, found.email, found.account_id) == ("Ada Byron", "Ada@Acme.Example", None)
    assert (found.directory_id, found.resource_id) == (stage.key.directory_id, ada)
    link = await stage.desk.ties.links.link_of(stage.key, ada)
    assert await stage.desk.ties.links.links_of(stage.key, [ada, ResourceId(bytes(16))]) == {ada: link}
    assert link is not None and (link.member_id, link.reason) == (found.id, Reason.DOMAIN)
    assert await events(stage) == [("member.added", "domain")]


async def holds_anybody_else_waits(stage: Stage) -> None:
    """Outside proved domains, in unproved, contested or long failing ones, subdomains, and whoever is not active."""
    await prove(stage, "acme.example")
    await prove(stage, "pending.example", "pending")
    await prove(stage, "contested.example", "contested")
    await prove(stage, "failing.example", "failing", failing_days=8)
    waiting = ["a@other.example", "b@sub.acme.example", "c@pending.example", "d@contested.example", "noaddress",
               "e@failing.example"]  # fmt: skip
    ids = [await stage.user(name) for name in waiting]
    await stage.user("off@acme.example", active=False)
    page = await stage.desk.ties.links.unlinked(stage.key, None)
    assert [one.id for one in page.listed] == sorted(ids) and not page.more
    assert await events(stage) == []


async def holds_a_domain_that_fails_since_yesterday_still_counts(stage: Stage) -> None:
    """Seven days long."""
    await prove(stage, "acme.example", "failing", failing_days=1)
    await stage.user("ada@acme.example")
    assert await member(stage, "ada@acme.example") is not None


async def holds_another_organizations_proof_counts_for_nobody_else(stage: Stage) -> None:
    """And nobody learns who is a customer."""
    await prove(stage, "acme.example")
    await stage.user("ada@acme.example", 2)
    assert await member(stage, "ada@acme.example", 2) is None


async def holds_a_second_directorys_push_of_the_same_person_is_a_collision(stage: Stage) -> None:
    """Stored, unlinked; what the second directory ends does not end the first one's member."""
    await prove(stage, "acme.example")
    await stage.user("ada@acme.example")
    other = await stage.user("ada@acme.example", 1)
    assert await stage.desk.ties.links.link_of(stage.key_of(1), other) is None
    await stage.patch_user(other, OFF, place=1)
    await stage.delete_user(other, 1)
    found = await member(stage, "ada@acme.example")
    assert found is not None and found.state is MemberState.ACTIVE
    assert found.directory_id == stage.key.directory_id


async def holds_whoever_was_there_before_waits_for_an_administrators_word(stage: Stage) -> None:
    """Administrators and other accounts alike."""
    await prove(stage, "acme.example")
    for email, role in (("boss@acme.example", Role.ADMIN), ("bob@acme.example", Role.USER)):
        before = await existing(stage, email, role)
        user = await stage.user(email)
        await stage.patch_user(user, OFF)
        assert await member(stage, email) == before


async def holds_admin_is_not_granted_by_scim(stage: Stage) -> None:
    """She becomes a user, and the wish is listed."""
    await prove(stage, "acme.example")
    ada = await stage.user("ada@acme.example", roles=[{"value": "Admin"}])
    found = await member(stage, "ada@acme.example")
    assert found is not None and found.role is Role.USER
    assert [link.resource_id for link in await stage.desk.ties.links.asking(stage.key)] == [ada]


async def holds_deactivation_and_deletion_end_the_member_in_the_same_transaction(stage: Stage) -> None:
    """Her access is over from then on, and no session of before comes back with her."""
    await prove(stage, "acme.example")
    ada = await stage.user("ada@acme.example")
    before = await member(stage, "ada@acme.example")
    await stage.patch_user(ada, OFF)
    ended = await member(stage, "ada@acme.example")
    assert before is not None and ended is not None
    assert ended.state is MemberState.DEACTIVATED and ended.access_from > before.access_from
    await stage.patch_user(ada, ON)
    back = await member(stage, "ada@acme.example")
    assert back is not None and back.state is MemberState.ACTIVE and back.id == before.id
    assert back.access_from > ended.access_from and not back.admits(before.access_from)
    await stage.delete_user(ada)
    gone = await member(stage, "ada@acme.example")
    assert gone is not None and gone.state is MemberState.DEACTIVATED
    assert await stage.desk.ties.links.link_of(stage.key, ada) is None
    kinds = [kind for kind, _ in await events(stage)]
    assert kinds == ["member.added", "member.deactivated", "member.reactivated", "member.deactivated"]
    written = await JournalStore(stage.database).after(stage.key.organization_id, 0, 100)
    seqs = {one.entry.type: one.seq for one in written}
    assert seqs["member.deactivated"] == seqs["user.deleted"] + 1


async def holds_coming_back_is_the_same_with_an_account_and_without(stage: Stage) -> None:
    """Active as before, by the directory's word as by an administrator's; who has no account may still accept."""
    await prove(stage, "acme.example")
    users = [await stage.user(f"{name}@acme.example") for name in ("ada", "bob")]
    ada = await member(stage, "ada@acme.example")
    assert ada is not None
    joined = replace(ada, account_id=AccountId(stage.desk.fresh_id()), version=ada.version + 1)
    await stage.write(MemberUpdate(ada, joined))
    for user in users:
        await stage.patch_user(user, OFF)
    ended = [await member(stage, f"{name}@acme.example") for name in ("ada", "bob")]
    for user in users:
        await stage.patch_user(user, ON)
    back = [await member(stage, f"{name}@acme.example") for name in ("ada", "bob")]
    for was, now in zip(ended, back, strict=True):
        assert was is not None and now is not None
        assert (was.state, now.state, now.ended_at) == (MemberState.DEACTIVATED, MemberState.ACTIVE, None)
        assert now == replace(returned(was, 0), access_from=now.access_from) and now.access_from > was.access_from
    assert back[0] is not None and back[0].account_id == joined.account_id and not may_accept(back[0])
    assert back[1] is not None and back[1].account_id is None and may_accept(back[1])


async def holds_who_comes_back_takes_nobodys_address(stage: Stage) -> None:
    """Another member has it meanwhile: she is stored as active, and her membership stays ended."""
    await prove(stage, "acme.example")
    first = await stage.user("first", emails=[{"value": "john@acme.example"}])
    await stage.patch_user(first, OFF)
    await stage.user("second", emails=[{"value": "john@acme.example"}])
    await stage.patch_user(first, ON)
    assert (await stage.stored(Kind.USER, first)).revision == 3
    found = await MemberStore(stage.database).by_email(stage.key.organization_id, "john@acme.example")
    assert [one.state for one in found] == [MemberState.DEACTIVATED, MemberState.ACTIVE]


async def holds_a_re_created_person_is_a_new_member(stage: Stage) -> None:
    """A re-used address inherits nothing, and the left-over row blocks nothing."""
    await prove(stage, "acme.example")
    await stage.delete_user(await stage.user("john@acme.example", externalId="1"))
    first = await member(stage, "john@acme.example")
    await stage.user("john@acme.example", externalId="2")
    second = await member(stage, "john@acme.example")
    assert first is not None and second is not None
    assert second.id != first.id and second.state is MemberState.ACTIVE and second.account_id is None


async def holds_the_same_external_id_is_the_same_member_again(stage: Stage) -> None:
    """Where the directory keeps whom it deletes; still no session comes back."""
    await prove(stage, "acme.example")
    scene = stage.scene(rules=Rules(delete_deactivates=True))
    body = user_body("ada@acme.example", externalId="1")
    made = await create_user(stage.desk, scene, body)
    assert made.stored is not None
    before = await member(stage, "ada@acme.example")
    await delete_user(stage.desk, scene, made.stored.id, None)
    ended = await member(stage, "ada@acme.example")
    assert ended is not None and ended.state is MemberState.DEACTIVATED
    await create_user(stage.desk, stage.scene(rules=Rules(delete_deactivates=True)), body)
    back = await member(stage, "ada@acme.example")
    assert before is not None and back is not None and back.id == before.id
    assert back.state is MemberState.ACTIVE and back.access_from > ended.access_from


async def holds_the_last_administrator_keeps_her_role_and_loses_her_sessions(stage: Stage) -> None:
    """Unless another one can sign in; then she ends as anybody does."""
    await prove(stage, "acme.example")
    user = await stage.user("boss@other.example")
    boss = await existing(stage, "boss@other.example", Role.ADMIN)
    await adopted(stage, user, boss)
    await stage.patch_user(user, OFF)
    kept = await member(stage, "boss@other.example")
    assert kept is not None and (kept.state, kept.role) == (MemberState.ACTIVE, Role.ADMIN)
    assert kept.access_from > boss.access_from and not kept.admits(boss.access_from)
    assert (await events(stage))[-1] == ("member.sessions_ended", "last_administrator")
    await existing(stage, "second@other.example", Role.ADMIN)
    await stage.patch_user(user, ON)
    await stage.patch_user(user, OFF)
    gone = await member(stage, "boss@other.example")
    assert gone is not None and (gone.state, gone.role) == (MemberState.DEACTIVATED, Role.ADMIN)


async def holds_a_linked_persons_address_changes_within_proved_domains_only(stage: Stage) -> None:
    """Otherwise 400 invalidValue, and nothing is changed."""
    await prove(stage, "acme.example")
    ada = await stage.user("ada@acme.example", displayName="Ada")
    with pytest.raises(ScimProblem) as refused:
        await stage.patch_user(ada, {"op": "replace", "path": "userName", "value": "ada@evil.example"})
    assert (refused.value.status, refused.value.scim_type) == (400, "invalidValue")
    assert (await stage.stored(Kind.USER, ada)).revision == 1
    await prove(stage, "acme.test")
    await stage.patch_user(ada, {"op": "replace", "value": {"userName": "ada@acme.test", "displayName": "Ada Byron"}})
    found = await member(stage, "ada@acme.test")
    assert found is not None and (found.name, found.resource_id) == ("Ada Byron", ada)
    await stage.user("eve@acme.example")
    with pytest.raises(ScimProblem, match="has this address"):
        await stage.patch_user(ada, {"op": "replace", "path": "emails", "value": [{"value": "eve@acme.example"}]})


async def holds_a_directory_changes_nothing_of_how_its_person_signs_in(stage: Stage) -> None:
    """Address, password and factors are the account's, whatever is pushed; a password that comes along is dropped."""
    await prove(stage, "acme.example")
    ada = await stage.user("ada@acme.example", displayName="Ada")
    was, account = await member(stage, "ada@acme.example"), account_of(stage, "ada@acme.example")
    assert was is not None
    await stage.write(NewAccount(account), organization=OrganizationId(account.id))
    await stage.write(MemberUpdate(was, replace(was, account_id=account.id, version=was.version + 1)))
    renamed = {"userName": "byron@acme.example", "displayName": "Lady", "password": "chosen by SCIM"}
    for operation in ({"op": "replace", "value": renamed}, OFF, ON):
        await stage.patch_user(ada, operation)
    now = await member(stage, "byron@acme.example")
    assert now is not None and (now.name, now.account_id) == ("Lady", account.id)
    await delete_user(stage.desk, stage.scene(), ada, None)
    assert await AccountStore(stage.database).by_id(account.id) == account


async def holds_linking_and_renaming_never_happen_in_one_request(stage: Stage) -> None:
    """Who comes into a proved domain by a rename waits for the next request."""
    await prove(stage, "acme.example")
    ada = await stage.user("ada@other.example")
    await stage.patch_user(ada, {"op": "replace", "path": "userName", "value": "ada@acme.example"})
    assert await stage.desk.ties.links.link_of(stage.key, ada) is None
    await stage.patch_user(ada, {"op": "replace", "path": "title", "value": "x"})
    assert await stage.desk.ties.links.link_of(stage.key, ada) is not None


async def holds_a_domain_that_is_proved_later_takes_those_who_wait(stage: Stage) -> None:
    """With the next request about each of them."""
    ada = await stage.user("ada@acme.example")
    await prove(stage, "acme.example")
    await stage.patch_user(ada, {"op": "replace", "path": "title", "value": "x"})
    assert await member(stage, "ada@acme.example") is not None


async def holds_two_directories_at_once_make_one_member(stage: Stage) -> None:
    """The second one decides again, and waits."""
    await prove(stage, "acme.example")
    await asyncio.gather(*(stage.user(f"u{n}@acme.example", n % 2, emails=[{"value": "ada@acme.example"}])
                           for n in range(6)))  # fmt: skip
    found = await MemberStore(stage.database).by_email(stage.key.organization_id, "ada@acme.example")
    assert len(found) == 1


async def holds_a_directory_that_is_deleted_with_its_people_deactivated_ends_its_members(stage: Stage) -> None:
    """Each in the change that deactivates her."""
    await prove(stage, "acme.example")
    await stage.user("ada@acme.example")
    await stage.user("bob@other.example")
    acting = Administration(stage.desk, CATALOGUE.types, ACTOR)
    await acting.delete(stage.directories[0], Parting(People.DEACTIVATE, None, lambda _: None))
    found = await member(stage, "ada@acme.example")
    assert found is not None and found.state is MemberState.DEACTIVATED


async def holds_who_moves_to_another_directory_keeps_link_and_member(stage: Stage) -> None:
    """What the other directory says about her from now on counts as before; whoever was deleted and kept moves too."""
    await prove(stage, "acme.example")
    ada = await stage.user("ada@acme.example")
    await stage.user("bob@other.example")
    cyd = await stage.user("cyd@acme.example", externalId="c")
    await stage.delete_user(cyd, rules=Rules(delete_deactivates=True))
    was = await member(stage, "ada@acme.example")
    before = await stage.desk.ties.links.link_of(stage.key, ada)
    assert was is not None and before is not None
    administration = Administration(stage.desk, CATALOGUE.types, ACTOR)
    await administration.delete(stage.directories[0], Parting(People.MOVE, stage.directories[1], lambda _: None))
    links, target = stage.desk.ties.links, stage.key_of(1)
    assert await links.link_of(stage.key, ada) is None
    assert await links.link_of(target, ada) == replace(before, key=target)
    assert await links.link_of(target, cyd) is not None
    moved = await member(stage, "ada@acme.example")
    assert moved == replace(was, directory_id=target.directory_id, version=was.version + 1)
    await stage.patch_user(ada, OFF, place=1)
    ended = await member(stage, "ada@acme.example")
    assert ended is not None and ended.state is MemberState.DEACTIVATED
    scene = stage.scene(1, rules=Rules(delete_deactivates=True))
    again = await create_user(stage.desk, scene, user_body("cyd@acme.example", externalId="c"))
    back = await member(stage, "cyd@acme.example")
    assert again.stored is not None and again.stored.id == cyd
    assert back is not None and (back.state, back.directory_id) == (MemberState.ACTIVE, target.directory_id)


async def holds_a_link_that_came_meanwhile_makes_a_decision_stale(stage: Stage) -> None:
    """So that no deactivation overlooks it."""
    ada = await stage.user("ada@other.example")
    who = await existing(stage, "ada@other.example")
    await stage.write(LinkAbsent(stage.key, ada))
    await adopted(stage, ada, who)
    with pytest.raises(Stale):
        await stage.write(LinkAbsent(stage.key, ada))


async def holds_a_directory_of_no_proved_domain_asks_nothing_about_members(stage: Stage) -> None:
    """A create costs one read, which is remembered."""
    links = stage.desk.ties.links
    assert isinstance(links, LinkStore)
    asked: list[OrganizationId] = []
    real = links.proved_domains

    async def counted(org: OrganizationId) -> frozenset[str]:
        asked.append(org)
        return await real(org)

    members = _Nobody()
    ties = replace(stage.desk.ties, links=links, members=members)  # type: ignore[arg-type]  # it is never asked
    object.__setattr__(stage, "desk", replace(stage.desk, ties=ties))
    links.proved_domains = counted  # type: ignore[method-assign]  # counts the questions
    await stage.user("ada@acme.example")
    assert asked == [stage.key.organization_id]


class _Nobody:
    """Fails whoever asks it."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"members were asked: {name}")
