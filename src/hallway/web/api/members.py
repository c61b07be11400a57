"""Members of an organization and their roles, by the API."""

from typing import Annotated, Final

from msgspec import Meta

from hallway.hub.organizations import roster
from hallway.hub.organizations.invitations import DEFAULT_DAYS, LONGEST_DAYS
from hallway.hub.organizations.inviting import Invited, Wish, invite, resend
from hallway.hub.organizations.members import Member as Kept
from hallway.hub.organizations.members import MemberSearch, MemberState, Role, Source
from hallway.ids import DIRECTORY, MEMBER, USER, wire
from hallway.web.api.cursors import opened, sealed
from hallway.web.api.endpoint import ROOT, Answer, Body, Call, Document, Endpoint
from hallway.web.api.organizations import ONE as ORGANIZATION
from hallway.web.api.organizations import organization_of
from hallway.web.api.paging import Next, Paged
from hallway.web.api.words import DirectoryId, Email, Instant, MemberId, UserId, instant, maybe
from hallway.web.api.words import OrganizationId as WireId

PATH: Final = f"{ORGANIZATION}/members"
ONE: Final = f"{PATH}/{{member}}"
READ, WRITE = "members:read", "members:write"
_LIST: Final = "members"

_ROLES: Final = {
    Role.ADMIN: "Changes everything of the organization: connections, directories, members.",
    Role.USER: "Works with the application.",
    Role.GUEST: "Looks, and changes nothing.",
}

RoleWord = Annotated[Role, Meta(description="What she may do.")]


class Member(Document, frozen=True, kw_only=True):
    """A person in one organization. Her id is the `sub` of her tokens; a person who comes back is another member."""

    id: MemberId
    organization: WireId
    email: Email
    name: Annotated[str, Meta(description="Empty until it is known.", examples=["Jo Beck"])]
    role: RoleWord
    state: Annotated[MemberState, Meta(description="`invited`: has not accepted yet.", examples=["active"])]
    source: Annotated[Source, Meta(description="How the membership came to be.", examples=["directory"])]
    directory: Annotated[DirectoryId | None, Meta(description="The directory that owns her.")]
    directory_user: Annotated[UserId | None, Meta(description="Who she is there.")]
    created_at: Instant
    joined_at: Instant | None
    ended_at: Annotated[Instant | None, Meta(description="When she was deactivated last.")]


class MemberList(Document, frozen=True, kw_only=True):
    """A page of members, by name."""

    items: list[Member]
    next: Next


class MemberQuery(Paged, frozen=True, kw_only=True):
    """Which members."""

    search: Annotated[str, Meta(max_length=254, description="Anywhere in name or address, without case.")] = ""
    state: Annotated[MemberState | None, Meta(description="Only those in this state.")] = None
    role: Annotated[Role | None, Meta(description="Only those with this role.")] = None


class NewMember(Body, frozen=True, kw_only=True):
    """Somebody to invite."""

    email: Email
    role: RoleWord = Role.USER
    expires_in_days: Annotated[
        int, Meta(ge=1, le=LONGEST_DAYS, description="How long the invitation works.", examples=[DEFAULT_DAYS])
    ] = DEFAULT_DAYS


class Invitation(Document, frozen=True, kw_only=True):
    """An invitation with its link, which is in no other answer. Where mail is set up, it was mailed too."""

    member: Member
    link: Annotated[
        str,
        Meta(description="What she opens; give it to her alone.", examples=["https://hub.example/invitation?code=…"]),
    ]
    mailed: Annotated[bool, Meta(description="Whether a mail carries it to her.")]
    expires_at: Instant


class MemberPatch(Body, frozen=True, kw_only=True):
    """What shall be different."""

    role: RoleWord


class RoleDocument(Document, frozen=True, kw_only=True):
    """A role."""

    name: RoleWord
    description: Annotated[str, Meta(examples=["Works with the application."])]


class RoleList(Document, frozen=True, kw_only=True):
    """Every role, the one that may most first."""

    items: list[RoleDocument]


def document(one: Kept) -> Member:
    """A member as the API shows her."""
    return Member(
        id=wire(MEMBER, one.id), organization=wire("org_", one.organization_id), email=one.email, name=one.name,
        role=one.role, state=one.state, source=one.source,
        directory=None if one.directory_id is None else wire(DIRECTORY, one.directory_id),
        directory_user=None if one.resource_id is None else wire(USER, one.resource_id),
        created_at=instant(one.created_at), joined_at=maybe(one.joined_at), ended_at=maybe(one.ended_at),
    )  # fmt: skip


def etag(one: Kept) -> str:
    """Her version."""
    return f'"{one.version}"'


def _answer(one: Kept) -> Answer:
    return Answer(document(one), etag(one))


async def _member(call: Call) -> Kept:
    """The member that the path names, as If-Match wants her."""
    owner = await organization_of(call)
    one = await roster.found_member(call.hub.roster, owner.id, call.param("member"))
    call.expected.must_be(etag(one), (one.id, one.version))
    return one


async def role_list(_: Call) -> Answer:
    """All roles."""
    return Answer(RoleList(items=[RoleDocument(name=role, description=text) for role, text in _ROLES.items()]))


async def member_list(call: Call) -> Answer:
    """By name."""
    owner, asked = await organization_of(call), call.asked(MemberQuery)
    after = opened(call.hub, _LIST, owner.id, asked.after)
    search = MemberSearch(
        asked.search, asked.state, asked.role, asked.limit, None if after is None else (after.name, after.member)
    )
    page = await call.hub.stores.members.page(owner.id, search)
    following = None if page.following is None else sealed(call.hub, _LIST, owner.id, page.following)
    return Answer(MemberList(items=[document(one) for one in page.members], next=following))


async def member_create(call: Call) -> Answer:
    """Invite somebody."""
    said, owner = call.said(NewMember), await organization_of(call)
    wish = Wish(said.email, said.role, said.expires_in_days)
    made = await invite(call.hub.roster, owner, wish, call.actor)
    return _invited(made, f"{PATH.replace('{organization}', wire('org_', owner.id))}/{wire(MEMBER, made.member.id)}")


def _invited(made: Invited, location: str = "") -> Answer:
    told = Invitation(
        member=document(made.member), link=made.link, mailed=made.mailed, expires_at=instant(made.invitation.expires_at)
    )
    return Answer(told, location=location)


async def member_get(call: Call) -> Answer:
    """One member."""
    return _answer(await _member(call))


async def member_update(call: Call) -> Answer:
    """Another role."""
    one = await _member(call)
    return _answer(await roster.set_role(call.hub.roster, one, call.said(MemberPatch).role, call.actor))


async def member_deactivate(call: Call) -> Answer:
    """End her access."""
    return _answer(await roster.deactivate(call.hub.roster, await _member(call), call.actor))


async def member_reactivate(call: Call) -> Answer:
    """Let her in again."""
    return _answer(await roster.reactivate(call.hub.roster, await _member(call), call.actor))


async def member_end_sessions(call: Call) -> Answer:
    """End her sessions here."""
    return _answer(await roster.end_sessions(call.hub.roster, await _member(call), call.actor))


async def member_invite_again(call: Call) -> Answer:
    """A new link for somebody who has not accepted."""
    owner, one = await organization_of(call), await _member(call)
    return _invited(await resend(call.hub.roster, owner, one, call.actor))


async def member_remove(call: Call) -> Answer:
    """End the membership."""
    await roster.remove(call.hub.roster, await _member(call), call.actor)
    return Answer()


ENDPOINTS: Final = (
    Endpoint("GET", f"{ROOT}/roles", READ, "List the roles.", role_list, RoleList),
    Endpoint("GET", PATH, READ, "List or search members.", member_list, MemberList, query=MemberQuery),
    Endpoint(
        "POST", PATH, WRITE, "Invite somebody.", member_create, Invitation, NewMember, status=201,
        about="She becomes a member when she accepts. Mailed where the deployment sends mail.",
    ),
    Endpoint("GET", ONE, READ, "Get a member.", member_get, Member, versioned=True),
    Endpoint(
        "PATCH", ONE, WRITE, "Give a member another role.", member_update, Member, MemberPatch, versioned=True,
        about="The last administrator who can sign in stays one.",
    ),
    Endpoint(
        "DELETE", ONE, WRITE, "Remove a member.", member_remove, status=204, versioned=True,
        about="Ends what deactivation ends, and an open invitation. Invited again, she is a new member.",
    ),
    Endpoint(
        "POST", f"{ONE}/deactivate", WRITE, "Deactivate a member.", member_deactivate, Member,
        about="Her sessions, codes, refresh tokens, open invitations and set-up links end with it.",
    ),
    Endpoint(
        "POST", f"{ONE}/reactivate", WRITE, "Reactivate a member.", member_reactivate, Member,
        about="She signs in anew: nothing of before comes back.",
    ),
    Endpoint(
        "POST", f"{ONE}/end-sessions", WRITE, "End a member's sessions.", member_end_sessions, Member,
        about="She may sign in again at once.",
    ),
    Endpoint(
        "POST", f"{ONE}/invite-again", WRITE, "Send an invitation again.", member_invite_again, Invitation,
        about="The link of before ends.",
    ),
)  # fmt: skip
"""The rows."""
