"""What applications are told when somebody leaves, or signs out: whose sessions end, and the token that says so.

Rules: what ends a session here first ends its grants, in the organization's own journal, from which applications are
told; so a crash between the two leaves somebody signed in who is told of nowhere, never the other way round.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import Application, Grant, GrantsEnd, GrantsMove
from hallway.hub.organizations.members import Place
from hallway.ids import APPLICATION, MEMBER, ORGANIZATION, AccountId, MemberId, OrganizationId, SessionId, parsed, wire
from hallway.journal.model import Actor, Change
from hallway.oidc.issuing import logout_token
from hallway.scim.json import Json, JsonObject

SIGNED_OUT: Final = "member.signed_out"
ENDING: Final = frozenset(
    {"member.deactivated", "member.removed", "member.sessions_ended", "user.deactivated", "user.deleted"}
)
"""Events after which every session of a member ends at every application; `member.signed_out` ends one."""
_JTI_BYTES: Final = 16


@dataclass(slots=True)
class SignedInElsewhere:
    """See `hallway.accounts.ports.Onlookers`; the desk comes once there is one."""

    desk: ApplicationDesk | None = None

    async def ending(self, account_id: AccountId, ends: Callable[[SessionId], bool]) -> None:
        """Grants that live by these sessions end, wherever she is a member; those of `offline_access` only know."""
        if self.desk is not None:
            for place in await self.desk.circle.members.places(account_id):
                found = await self.desk.grants.of_member(place.organization_id, place.member_id)
                ending = [one for one in found if one.ended_at is None and ends(one.session_id)]
                if ending:
                    await _signed_out(self.desk, place, ending)

    async def replaced(self, account_id: AccountId, was: SessionId, now: SessionId) -> None:
        """What was granted in the one session lives by the other."""
        if self.desk is not None:
            for place in await self.desk.circle.members.places(account_id):
                found = await self.desk.grants.of_member(place.organization_id, place.member_id)
                if any(one.session_id == was and one.ended_at is None for one in found):
                    await self.desk.ledger.commit(Change(place.organization_id, (GrantsMove(was, now),)))


async def _signed_out(desk: ApplicationDesk, place: Place, grants: list[Grant]) -> None:
    member = await desk.circle.members.by_id(place.organization_id, place.member_id)
    if member is None:
        return
    actor = Actor("member", member.id, member.shown)
    entries = tuple(
        desk.entry(
            SIGNED_OUT, member.id, actor, {"sid": sid, "applications": _named(grants, sid)}, name=member.name,
            email=member.email,
        )
        for sid in dict.fromkeys(one.sid for one in grants)
    )  # fmt: skip
    ended = GrantsEnd(tuple(one.id for one in grants if not one.is_offline), desk.clock())
    await desk.ledger.commit(Change(place.organization_id, (ended,), entries, entries[0].id))


async def logout_token_for(desk: ApplicationDesk, application: Application, event: JsonObject) -> str | None:
    """What an application's back-channel address is sent for an event, None where it is nothing to it.

    `event` is the document of `hallway.hub.events`; a person who never came to this application is none of its own.
    """
    kind, who = event.get("type"), parsed(MEMBER, str(event.get("member")))
    place, facts = event.get("organization"), event.get("facts")
    if who is None or not isinstance(place, dict) or (kind != SIGNED_OUT and kind not in ENDING):
        return None
    owner = parsed(ORGANIZATION, str(place.get("id")))
    session = ""
    if kind == SIGNED_OUT:
        told = facts if isinstance(facts, dict) else {}
        session = str(told.get("sid", ""))
        listed = told.get("applications")
        if not session or not isinstance(listed, list) or application.client_id not in listed:
            return None
    elif owner is None or not await _came(desk, application, OrganizationId(owner), MemberId(who)):
        return None
    key = await desk.signing.key(application.algorithm)
    token_id = desk.entropy(_JTI_BYTES).hex()
    return logout_token(desk.envelope(application), wire(MEMBER, who), session, token_id, key)


async def _came(desk: ApplicationDesk, application: Application, owner: OrganizationId, member_id: MemberId) -> bool:
    found = await desk.grants.of_member(owner, member_id)
    return any(one.application_id == application.id for one in found)


def _named(grants: list[Grant], sid: str) -> list[Json]:
    found = dict.fromkeys(wire(APPLICATION, one.application_id) for one in grants if one.sid == sid)
    return list(found)
