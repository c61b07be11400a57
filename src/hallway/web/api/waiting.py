"""Who is in a directory and not a member, by the API."""

from typing import Annotated, Final

from msgspec import Meta

from hallway.hub.directories.accepting import ByAPerson, Wait, accept, dismiss, why_waiting
from hallway.hub.directories.model import Kind
from hallway.ids import MEMBER, USER, ResourceId, parsed, wire
from hallway.web.api.directories import ONE as DIRECTORY_PATH
from hallway.web.api.directories import READ, WRITE, directory_of, key_of
from hallway.web.api.endpoint import Answer, Body, Call, Document, Endpoint
from hallway.web.api.members import Member
from hallway.web.api.members import document as member_document
from hallway.web.api.paging import After, Next, cursor, place
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import Email, MemberId, UserId

PATH: Final = f"{DIRECTORY_PATH}/waiting"
ONE: Final = f"{PATH}/{{user}}"


class WaitingUser(Document, frozen=True, kw_only=True):
    """A user of a directory who is no member, and why."""

    user: UserId
    email: Email
    name: Annotated[str, Meta(examples=["Jo Beck"])]
    reason: Annotated[
        Wait,
        Meta(description="`domain`: her address is in no domain that the organization has proved."),
    ]
    member: Annotated[MemberId | None, Meta(description="Who has her address here.")]


class WaitingList(Document, frozen=True, kw_only=True):
    """A page of those who wait, by id; it may have fewer than the limit, or none, and go on."""

    items: list[WaitingUser]
    next: Next


class WaitingQuery(Body, frozen=True, kw_only=True):
    """Where to go on."""

    after: After = ""


async def waiting_list(call: Call) -> Answer:
    """By id, as many as a page of the console has."""
    directory, after = await directory_of(call), place(call.asked(WaitingQuery).after)
    desk, key = call.hub.desk, key_of(directory)
    page = await desk.ties.links.unlinked(key, None if after is None else ResourceId(after))
    items = []
    for line in page.listed:
        stored = await desk.resources.by_id(key, Kind.USER, line.id)
        if stored is not None:
            one = await why_waiting(desk, directory, stored)
            items.append(
                WaitingUser(
                    user=wire(USER, line.id), email=one.person.email, name=one.person.name, reason=one.why,
                    member=None if one.member is None else wire(MEMBER, one.member.id),
                )
            )  # fmt: skip
    return Answer(WaitingList(items=items, next=cursor(page.listed[-1].id) if page.more else None))


def _user(call: Call) -> ResourceId:
    own = parsed(USER, call.param("user"))
    if own is None:
        raise ApiProblem("not_found", "This directory has no such user.")
    return ResourceId(own)


async def waiting_accept(call: Call) -> Answer:
    """She is a member from now on, by her directory."""
    directory, one = await directory_of(call), _user(call)
    member = await accept(call.hub.desk, directory, one, call.actor, ByAPerson.NO)
    return Answer(member_document(member))


async def waiting_dismiss(call: Call) -> Answer:
    """She is not listed again."""
    await dismiss(call.hub.desk, await directory_of(call), _user(call), call.actor)
    return Answer()


ENDPOINTS: Final = (
    Endpoint(
        "GET", PATH, READ, "List who waits to become a member.", waiting_list, WaitingList, query=WaitingQuery,
        about="Active users of the directory whom no proved domain made members.",
    ),
    Endpoint(
        "POST", f"{ONE}/accept", WRITE, "Make her a member.", waiting_accept, Member,
        about="The one with her address, or a new one; the directory owns the membership from now on. Whose address is "
        "an administrator's is confirmed on a page, by one of them.",
    ),
    Endpoint(
        "POST", f"{ONE}/dismiss", WRITE, "List her no more.", waiting_dismiss, status=204,
        about="What the directory says of her later is stored as before.",
    ),
)  # fmt: skip
"""The rows."""
