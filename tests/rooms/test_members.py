"""Members: invited, joined, given roles, ended, let in again; the last administrator stays."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hallway.hub.organizations.invitations import DAY
from hallway.hub.organizations.inviting import (
    Invited,
    Joiner,
    Wish,
    accept,
    checked_email,
    invite,
    may_accept,
    opened_invitation,
    resend,
    revoke,
)
from hallway.hub.organizations.leaving import returned
from hallway.hub.organizations.members import Member, MemberState, NewMember, Role, Source
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.organizations.roster import (
    Roster,
    deactivate,
    end_sessions,
    found_member,
    is_last_administrator,
    reactivate,
    remove,
    set_role,
)
from hallway.hub.organizations.service import Refused
from hallway.ids import MEMBER, AccountId, MemberId, OrganizationId, wire
from hallway.journal.model import Actor, Row
from hallway.web.wiring import Hub
from tests.rooms.opened import OPERATOR, opened


@dataclass
class Company:
    """An organization with one administrator, and the mails that were promised."""

    hub: Hub
    organization: Organization
    roster: Roster
    admin: Member
    mails: list[tuple[str, str]]
    locked_out: set[AccountId]
    ahead: list[int] = field(default_factory=lambda: [0])

    @property
    def actor(self) -> Actor:
        return Actor("member", self.admin.id, "Ada", "192.0.2.1")

    async def member(self, email: str, role: Role = Role.USER, organization: Organization | None = None) -> Member:
        """Somebody who is there already, with an account."""
        now = self.roster.clock()
        owner = organization or self.organization
        one = Member(
            MemberId(self.roster.fresh_id()), owner.id, email, email.partition("@")[0].title(), role,
            MemberState.ACTIVE, Source.REGISTERED, now, now, AccountId(self.roster.fresh_id()), joined_at=now,
        )  # fmt: skip
        entry = self.roster.entry("member.joined", one, OPERATOR)
        await self.hub.stores.database.commit(self.roster.change(one, entry, NewMember(one)))
        return one

    async def invited(self, email: str, **more: object) -> Invited:
        return await invite(self.roster, self.organization, replace(Wish(email), **more), self.actor)

    async def now(self, member: Member) -> Member:
        found = await self.roster.members.by_id(member.organization_id, member.id)
        assert found is not None
        return found

    async def journal(self) -> list[str]:
        written = await self.hub.stores.journal.after(self.organization.id, 0, 1000)
        return [one.entry.type for one in written]


@asynccontextmanager
async def company(folder: Path) -> AsyncIterator[Company]:
    async with opened(folder, base_url="http://hub.localhost:8000") as hub:
        organization = await hub.registrar.create("Acme", Plan.ENTERPRISE, None, OPERATOR)
        mails: list[tuple[str, str]] = []
        locked_out: set[AccountId] = set()
        ahead = [0]

        def letters(_: bytes, to: str, subject: str, text: str) -> tuple[Row, ...]:
            mails.append((to, f"{subject}\n{text}"))
            return ()

        async def can_sign_in(account: AccountId) -> bool:
            return account not in locked_out

        clock = hub.roster.clock
        roster = replace(hub.roster, letters=letters, can_sign_in=can_sign_in, clock=lambda: clock() + ahead[0])
        made = Company(hub, organization, roster, None, mails, locked_out, ahead)  # type: ignore[arg-type]
        made.admin = await made.member("ada@acme.example", Role.ADMIN)
        yield made


def code_of(invited: Invited) -> str:
    return invited.link.partition("code=")[2]


def joiner(email: str) -> Joiner:
    return Joiner(AccountId(b"j" * 16), email, "Jo")


async def refused(awaitable: object) -> Refused:
    with pytest.raises(Refused) as problem:
        await awaitable  # type: ignore[misc]
    return problem.value


async def test_an_invited_person_joins_with_the_invited_address(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        made = await acme.invited(" jo@acme.example ", role=Role.GUEST)
        assert (made.member.state, made.member.role, made.member.email) == (
            MemberState.INVITED, Role.GUEST, "jo@acme.example",
        )  # fmt: skip
        [(to, text)] = acme.mails
        assert to == "jo@acme.example" and "Ada invites you to join Acme" in text
        assert made.link.startswith("http://hub.localhost:8000/invitation?code=hw_invite_") and made.link in text
        member = await accept(acme.roster, code_of(made), joiner("JO@acme.example"), OPERATOR)
        assert (member.state, member.account_id, member.name) == (MemberState.ACTIVE, b"j" * 16, "Jo")
        assert await acme.now(member) == member
        assert [place.member_id for place in await acme.roster.members.places(AccountId(b"j" * 16))] == [member.id]
        assert (await acme.journal())[-2:] == ["member.invited", "member.joined"]


async def test_an_invitation_is_used_once(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        code = code_of(await acme.invited("jo@acme.example"))
        people = [Joiner(AccountId(bytes([one]) * 16), "jo@acme.example", "Jo") for one in (1, 2)]
        outcomes = await asyncio.gather(
            *(accept(acme.roster, code, one, OPERATOR) for one in people), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Member", "Refused"]
        assert await opened_invitation(acme.roster, code) is None
        assert (await refused(accept(acme.roster, code, people[0], OPERATOR))).reason == "not_found"


async def test_an_invitation_ends_at_its_time(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        code = code_of(await acme.invited("jo@acme.example", days=3))
        acme.ahead[0] = 3 * DAY - 60_000_000
        assert await opened_invitation(acme.roster, code) is not None
        acme.ahead[0] = 3 * DAY
        assert (await refused(accept(acme.roster, code, joiner("jo@acme.example"), OPERATOR))).reason == "not_found"


async def test_an_invitation_is_not_for_another_address(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        made = await acme.invited("jo@acme.example")
        problem = await refused(accept(acme.roster, code_of(made), joiner("eve@acme.example"), OPERATOR))
        assert problem.reason == "forbidden"
        assert (await acme.now(made.member)).state is MemberState.INVITED


async def test_a_wrong_code_opens_nothing(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        code = code_of(await acme.invited("jo@acme.example"))
        wrong = "B" if code[-20] == "A" else "A"
        for text in ("", "hw_invite_", code[:-1], code + "A", code[:-20] + wrong + code[-19:], code.replace("i", "é")):
            assert await opened_invitation(acme.roster, text) is None


async def test_an_invitation_of_a_suspended_organization_waits(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        code = code_of(await acme.invited("jo@acme.example"))
        suspended = await acme.hub.registrar.suspend(acme.organization, OPERATOR)
        assert await opened_invitation(acme.roster, code) is None
        await acme.hub.registrar.resume(suspended, OPERATOR)
        assert await opened_invitation(acme.roster, code) is not None


async def test_sending_again_ends_the_first_link(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        first = await acme.invited("jo@acme.example", days=5)
        again = await resend(acme.roster, acme.organization, first.member, acme.actor)
        assert again.invitation.expires_at - again.invitation.created_at == 5 * DAY
        assert await opened_invitation(acme.roster, code_of(first)) is None
        assert await opened_invitation(acme.roster, code_of(again)) is not None
        assert len(acme.mails) == 2


async def test_a_revoked_invitation_leaves_no_member(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        made = await acme.invited("jo@acme.example")
        await revoke(acme.roster, made.member, acme.actor)
        assert await opened_invitation(acme.roster, code_of(made)) is None
        assert await acme.roster.members.by_email(acme.organization.id, "jo@acme.example") == []
        assert (await refused(revoke(acme.roster, made.member, acme.actor))).reason == "not_found"
        assert (await refused(resend(acme.roster, acme.organization, made.member, acme.actor))).reason == "not_found"
        assert (await refused(revoke(acme.roster, acme.admin, acme.actor))).reason == "conflict"
        await acme.invited("jo@acme.example")


async def test_an_address_is_invited_once(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        outcomes = await asyncio.gather(
            *(acme.invited(email) for email in ("jo@acme.example", "JO@acme.example")), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Invited", "Refused"]
        gone = await acme.member("bob@acme.example")
        await deactivate(acme.roster, gone, acme.actor)
        for email, word in {"ada@acme.example": "member already", "bob@acme.example": "Reactivate"}.items():
            problem = await refused(acme.invited(email))
            assert problem.reason == "conflict" and word in problem.detail


async def test_who_is_a_member_already_does_not_join_twice(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        made = await acme.invited("second@acme.example")
        assert acme.admin.account_id is not None
        twice = Joiner(acme.admin.account_id, "second@acme.example", "Ada")
        assert (await refused(accept(acme.roster, code_of(made), twice, OPERATOR))).reason == "conflict"


async def test_only_so_many_people_are_invited_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with company(tmp_path) as acme:
        monkeypatch.setattr("hallway.hub.organizations.inviting.MOST_OPEN", 1)
        await acme.invited("jo@acme.example")
        assert (await refused(acme.invited("jim@acme.example"))).reason == "conflict"


@pytest.mark.parametrize("days", [0, 91])
async def test_an_invitation_lives_for_some_days(tmp_path: Path, days: int) -> None:
    async with company(tmp_path) as acme:
        assert (await refused(acme.invited("jo@acme.example", days=days))).reason == "invalid"


@pytest.mark.parametrize(
    "text", ["", "jo", "jo@", "@x.example", "jo@x", "a b@x.example", "jo@x.example\r\nBcc: e@x.example", "a@b@c.d",
             "jo@" + "x" * 250 + ".example", "<jo@x.example>", "jo@x.example,eve@x.example", "jo@x.\x00example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        checked_email(text)


async def test_deactivation_ends_what_was_open_and_reactivation_revives_nothing(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        bob = await acme.member("bob@acme.example", Role.ADMIN)
        entered = bob.access_from
        assert bob.admits(entered)
        made = await invite(acme.roster, acme.organization, Wish("jo@acme.example"), Actor("member", bob.id, "Bob"))
        others = await acme.invited("jim@acme.example")
        gone = await deactivate(acme.roster, bob, acme.actor)
        assert (gone.state, gone.role) == (MemberState.DEACTIVATED, Role.ADMIN)
        assert gone.ended_at is not None and not gone.admits(gone.access_from)
        assert await opened_invitation(acme.roster, code_of(made)) is None
        assert await opened_invitation(acme.roster, code_of(others)) is not None
        assert await deactivate(acme.roster, bob, acme.actor) == gone
        back = await reactivate(acme.roster, bob, acme.actor)
        assert (back.state, back.ended_at) == (MemberState.ACTIVE, None)
        assert not back.admits(entered) and back.admits(back.access_from)
        assert back.access_from > gone.access_from
        assert await opened_invitation(acme.roster, code_of(made)) is None
        assert await reactivate(acme.roster, bob, acme.actor) == back
        assert (await acme.journal()).count("member.deactivated") == 1


async def test_nobody_is_reactivated_beside_the_member_who_has_her_address_now(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        gone = await deactivate(acme.roster, await acme.member("bob@acme.example"), acme.actor)
        heir = await acme.member("BOB@acme.example")
        told = await refused(reactivate(acme.roster, gone, acme.actor))
        assert (told.reason, "bob@acme.example" in str(told)) == ("conflict", True)
        assert (await acme.now(gone)).state is MemberState.DEACTIVATED
        await deactivate(acme.roster, heir, acme.actor)
        assert (await reactivate(acme.roster, gone, acme.actor)).state is MemberState.ACTIVE


async def test_who_takes_the_address_while_it_is_decided_keeps_it(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        gone = await deactivate(acme.roster, await acme.member("bob@acme.example"), acme.actor)
        members = acme.roster.members

        class Slow:
            """Lets somebody else in between the look and the commit, once."""

            def __init__(self) -> None:
                self.looks = 0

            def __getattr__(self, name: str) -> Any:
                return getattr(members, name)

            async def by_email(self, organization_id: OrganizationId, email: str) -> Sequence[Member]:
                found = await members.by_email(organization_id, email)
                self.looks += 1
                if self.looks == 1:
                    await acme.member("bob@acme.example")
                return found

        slow: Any = Slow()
        assert (await refused(reactivate(replace(acme.roster, members=slow), gone, acme.actor))).reason == "conflict"
        assert slow.looks == 2


async def test_who_has_no_account_yet_is_active_again_and_may_still_accept(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        invited = (await acme.invited("jo@acme.example")).member
        assert (await refused(deactivate(acme.roster, invited, acme.actor))).reason == "conflict"
        back = returned(replace(invited, state=MemberState.DEACTIVATED), 1)
        assert (back.state, back.account_id, may_accept(back)) == (MemberState.ACTIVE, None, True)


async def test_sessions_end_while_the_member_stays(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        after = await end_sessions(acme.roster, acme.admin, acme.actor)
        assert not after.admits(acme.admin.access_from) and after.admits(after.access_from)


async def test_a_removed_member_leaves_no_place(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        bob = await acme.member("bob@acme.example")
        await remove(acme.roster, bob, acme.actor)
        assert bob.account_id is not None and await acme.roster.members.places(bob.account_id) == []
        assert (await refused(remove(acme.roster, bob, acme.actor))).reason == "not_found"
        assert (await acme.journal())[-1] == "member.removed"


async def test_the_last_administrator_is_never_lost(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        ada = acme.admin
        await acme.member("user@acme.example")
        assert await is_last_administrator(acme.roster, ada)
        for act in (
            set_role(acme.roster, ada, Role.USER, acme.actor),
            deactivate(acme.roster, ada, acme.actor),
            remove(acme.roster, ada, acme.actor),
        ):
            problem = await refused(act)
            assert (problem.reason, "last administrator" in problem.detail) == ("conflict", True)
        assert await acme.now(ada) == ada
        bob = await acme.member("bob@acme.example", Role.ADMIN)
        assert not await is_last_administrator(acme.roster, ada)
        assert (await set_role(acme.roster, ada, Role.USER, acme.actor)).role is Role.USER
        assert (await refused(remove(acme.roster, bob, acme.actor))).reason == "conflict"


async def test_an_administrator_who_cannot_sign_in_does_not_count(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        bob = await acme.member("bob@acme.example", Role.ADMIN)
        assert bob.account_id is not None
        acme.locked_out.add(bob.account_id)
        assert (await refused(deactivate(acme.roster, acme.admin, acme.actor))).reason == "conflict"


async def test_two_administrators_who_demote_each_other_leave_one(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        bob = await acme.member("bob@acme.example", Role.ADMIN)
        outcomes = await asyncio.gather(
            set_role(acme.roster, acme.admin, Role.USER, acme.actor),
            deactivate(acme.roster, bob, acme.actor),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Member", "Refused"]
        assert len(await acme.roster.members.administrators(acme.organization.id)) == 1


async def test_a_role_is_changed_once_and_journaled_with_what_it_was(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        bob = await acme.member("bob@acme.example")
        changed = await set_role(acme.roster, bob, Role.ADMIN, acme.actor)
        assert await set_role(acme.roster, bob, Role.ADMIN, acme.actor) == changed
        last = (await acme.hub.stores.journal.after(acme.organization.id, 0, 100))[-1]
        assert (last.entry.type, last.entry.facts) == (
            "member.role_changed", {"role": "admin", "state": "active", "was": "user"},
        )  # fmt: skip
        assert last.personal == {"name": "Bob", "email": "bob@acme.example"}


async def test_another_organizations_member_is_not_found(tmp_path: Path) -> None:
    async with company(tmp_path) as acme:
        beta = await acme.hub.registrar.create("Beta", Plan.FREE, None, OPERATOR)
        other = await acme.member("eve@beta.example", Role.ADMIN, beta)
        assert await found_member(acme.roster, beta.id, wire(MEMBER, other.id)) == other
        for text in (wire(MEMBER, other.id), "mem_1", "", wire(MEMBER, bytes(16))):
            assert (await refused(found_member(acme.roster, acme.organization.id, text))).reason == "not_found"
