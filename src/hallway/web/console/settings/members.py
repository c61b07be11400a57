"""The members of an organization: listed, and one of them with what may be done about her."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from hallway.hub.events.proof import Leaving, leavings, proof
from hallway.hub.events.receipts import DUE, instant
from hallway.hub.organizations.inviting import resend, revoke
from hallway.hub.organizations.members import Member, MemberSearch, MemberState, Role
from hallway.hub.organizations.roster import (
    deactivate,
    end_sessions,
    found_member,
    is_last_administrator,
    reactivate,
    remove,
    set_role,
)
from hallway.hub.organizations.service import Refused
from hallway.ids import DIRECTORY, MEMBER, USER, MemberId, parsed, wire
from hallway.journal.model import Actor, Written
from hallway.web.console.settings.event_words import told
from hallway.web.console.settings.office import Office, query_of
from hallway.web.event_desks import receipt_confirmers
from hallway.web.forms import read_form
from hallway.web.http import Request, Response
from hallway.web.language import N_
from hallway.web.rows import PageHandler

LIST: Final = "/settings/members"
_LONGEST_SEARCH: Final = 200
_STATES: Final = {state.value: state for state in MemberState}
_ROLES: Final = {role.value: role for role in Role}


class MemberPages:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._hub = office.hub

    def handlers(self) -> Mapping[str, PageHandler]:
        """By their names in the route table."""
        return {
            "settings_members": self.index,
            "settings_member": self.show,
            "settings_member_resend": self.resend,
            "settings_member_revoke": self.revoke,
            "settings_member_role": self.role,
            "settings_member_deactivate": self.deactivate,
            "settings_member_reactivate": self.reactivate,
            "settings_member_remove": self.remove,
            "settings_member_sessions": self.sessions,
            "settings_member_proof": self.proof,
        }

    async def index(self, request: Request, visitor: Any) -> Response:
        """Everybody by name, found while one types; whoever is no administrator reads only."""
        owner, query, stores = self._office.owner(visitor), query_of(request), self._hub.stores
        text, state, role = query.get("q", "")[:_LONGEST_SEARCH], query.get("state", ""), query.get("role", "")
        after = await self._after(visitor, query.get("after", ""))
        asked = MemberSearch(text, _STATES.get(state), _ROLES.get(role), after=after)
        page = await stores.members.page(owner.id, asked)
        counts = await stores.members.counts(owner.id)
        seen = await self._all_seen(page.members) if visitor.role == Role.ADMIN.value else {}
        return self._office.render(
            request, "members", fragment="settings/members_found.html", sources=await self._sources(page.members),
            seen=seen,
            members=page.members, asked=text, state=state, role=role, counts=counts, total=sum(counts.values()),
            invited=counts.get(MemberState.INVITED, 0), name_of=name_of, role_here=visitor.role,
            more="" if page.following is None else wire(MEMBER, page.following[1]),
        )  # fmt: skip

    async def _after(self, visitor: Any, text: str) -> tuple[str, MemberId] | None:
        """Where the page before ended: behind this member, as she is called now."""
        found = parsed(MEMBER, text)
        if found is None:
            return None
        return await self._hub.stores.members.place_of(self._office.owner(visitor).id, MemberId(found))

    async def _sources(self, members: Sequence[Member]) -> Mapping[MemberId, tuple[str, int | None]]:
        """Whose directory owns each, or who invited her, and when her open invitation ends: read for all at once."""
        if not members:
            return {}
        stores, owner = self._hub.stores, members[0].organization_id
        invitations = await stores.invitations.newest(owner, [one.id for one in members])
        inviters = {one.created_by for one in invitations.values() if one.created_by is not None}
        names = {one: found.shown for one, found in (await stores.members.by_ids(owner, sorted(inviters))).items()}
        owned = any(one.directory_id is not None for one in members)
        found = await stores.directories.of_organization(owner) if owned else []
        directories = {one.id: one.name for one in found}
        sources: dict[MemberId, tuple[str, int | None]] = {}
        for one in members:
            invitation = invitations.get(one.id)
            if one.directory_id is not None:
                sources[one.id] = directories.get(one.directory_id, ""), None
            elif invitation is not None:
                by = names.get(invitation.created_by, "") if invitation.created_by is not None else ""
                is_open = invitation.accepted_at is None and invitation.revoked_at is None
                sources[one.id] = by, invitation.expires_at if is_open else None
        return sources

    async def show(self, request: Request, visitor: Any) -> Response:
        """One member, and her history."""
        return await self._page(request, visitor, await self._member(request, visitor))

    async def _member(self, request: Request, visitor: Any) -> Member:
        return await found_member(self._hub.roster, self._office.owner(visitor).id, request.params["member"])

    async def _page(
        self, request: Request, visitor: Any, member: Member, status: int = 200, problem: str = ""
    ) -> Response:
        language = self._office.pages.language(request)
        stores, now = self._hub.stores, self._hub.desk.clock()
        history = await stores.audit.of_member(member.organization_id, member.id)
        user = ""
        if member.directory_id is not None and member.resource_id is not None:
            directory = wire(DIRECTORY, member.directory_id)
            user = f"/directories/{directory}/people/{wire(USER, member.resource_id)}"
        ends = await self._leavings(member, history)
        by, until = (await self._sources([member])).get(member.id, ("", None))
        return self._office.render(
            request, "member", status, member=member, id=wire(MEMBER, member.id), problem=problem, source=by,
            seen=await self._seen(member), until=until,
            expired=until is not None and until <= now, user=user, root=f"{LIST}/{name_of(member)}",
            ends=ends, exactly=instant, due=DUE,
            is_self=member.id == visitor.member.id, history=[told(one, language) for one in history],
            last_admin=member.role is Role.ADMIN and await is_last_administrator(self._hub.roster, member),
        )  # fmt: skip

    async def _leavings(self, member: Member, history: Sequence[Written]) -> list[Leaving]:
        receipts = await self._hub.stores.receipts.of_member(member.organization_id, member.id)
        return leavings(history, receipts, await receipt_confirmers(self._hub))

    async def proof(self, request: Request, visitor: Any) -> Response:
        """What ended her access and what was confirmed of it, as a file; that it was taken is an entry."""
        member, owner = await self._member(request, visitor), self._office.owner(visitor)
        history = await self._hub.stores.audit.of_member(owner.id, member.id)
        ends = await self._leavings(member, history)
        roster = self._hub.roster
        entry = roster.entry("audit.exported", member, self._office.actor(request, visitor), format="proof")
        await roster.ledger.commit(roster.change(member, replace(entry, subject_id=owner.id)))
        document = orjson.dumps(proof(owner, member, ends, self._hub.desk.clock()), option=orjson.OPT_INDENT_2)
        name = f'attachment; filename="leaving-{name_of(member)}.json"'
        headers = ((b"content-type", b"application/json"), (b"content-disposition", name.encode()))
        return Response(200, document, headers)

    async def _all_seen(self, members: Sequence[Member]) -> Mapping[MemberId, int | None]:
        """The same of each who could be seen, asked for at once."""
        able = [one for one in members if one.state is MemberState.ACTIVE and one.account_id is not None]
        instants = await asyncio.gather(*(self._seen(one) for one in able))
        return {one.id: at for one, at in zip(able, instants, strict=True)}

    async def _seen(self, member: Member) -> int | None:
        """When a session that lives had this organization open last."""
        if member.account_id is None:
            return None
        found = await self._hub.people.desk.means.accounts.sessions(member.account_id)
        return max((one.seen_at for one in found if one.opened == member.organization_id), default=None)

    async def resend(self, request: Request, visitor: Any) -> Response:
        """A new link by mail, or on a page where no mail is sent."""
        member = await self._member(request, visitor)
        owner = self._office.owner(visitor)
        try:
            made = await resend(self._hub.roster, owner, member, self._office.actor(request, visitor))
        except Refused as refused:
            return await self._page(request, visitor, member, 409, self._office.said(request, refused))
        if not made.mailed:
            return self._office.render(request, "invited", 201, made=[made], wrong=[])
        return self._office.done(request, self._own(member), N_("The invitation was sent again."))

    async def revoke(self, request: Request, visitor: Any) -> Response:
        """Take an invitation back."""
        return await self._acted(
            request, visitor, lambda one, by: revoke(self._hub.roster, one, by),
            N_("The invitation of %(name)s was revoked."), LIST,
        )  # fmt: skip

    async def role(self, request: Request, visitor: Any) -> Response:
        """Another role."""
        role = _ROLES.get((await read_form(request))["role"])
        member = await self._member(request, visitor)
        if role is None:
            words = self._office.pages.language(request).text(N_("Choose a role."))
            return await self._page(request, visitor, member, 422, words)
        stays = role is Role.ADMIN or member.id != visitor.member.id
        return await self._acted(
            request, visitor, lambda one, by: set_role(self._hub.roster, one, role, by),
            N_("%(name)s has another role now."), "" if stays else LIST,
        )  # fmt: skip

    async def deactivate(self, request: Request, visitor: Any) -> Response:
        """End her access."""
        return await self._acted(
            request, visitor, self._of_another(visitor, deactivate),
            N_("%(name)s was deactivated: her sessions here have ended."),
        )  # fmt: skip

    async def reactivate(self, request: Request, visitor: Any) -> Response:
        """Let her in again."""
        return await self._acted(
            request, visitor, lambda one, by: reactivate(self._hub.roster, one, by),
            N_("%(name)s may sign in again."),
        )  # fmt: skip

    async def remove(self, request: Request, visitor: Any) -> Response:
        """End the membership."""
        done = N_("%(name)s is not a member any more.")
        return await self._acted(request, visitor, self._of_another(visitor, remove), done, LIST)

    async def sessions(self, request: Request, visitor: Any) -> Response:
        """End her sessions here; one's own too."""
        return await self._acted(
            request, visitor, lambda one, by: end_sessions(self._hub.roster, one, by),
            N_("Every session of %(name)s in this organization has ended."),
        )  # fmt: skip

    def _of_another(
        self, visitor: Any, act: Callable[[Any, Member, Actor], Awaitable[object]]
    ) -> Callable[[Member, Actor], Awaitable[object]]:
        """The act, refused for oneself: leaving has a page of its own."""

        async def acted(member: Member, actor: Actor) -> object:
            if member.id == visitor.member.id:
                raise Refused("conflict", "This is you. To go, leave the organization.")
            return await act(self._hub.roster, member, actor)

        return acted

    async def _acted(
        self,
        request: Request,
        visitor: Any,
        act: Callable[[Member, Actor], Awaitable[object]],
        done: str,
        to: str = "",
    ) -> Response:
        """Do it and say so; where it is refused, her page says why."""
        member = await self._member(request, visitor)
        try:
            await act(member, self._office.actor(request, visitor))
        except Refused as refused:
            return await self._page(request, visitor, member, 409, self._office.said(request, refused))
        return self._office.done(request, to or self._own(member), done, name=member.shown)

    def _own(self, member: Member) -> str:
        return f"{LIST}/{name_of(member)}"


def name_of(member: Member) -> str:
    """A member's id on the wire."""
    return wire(MEMBER, member.id)
