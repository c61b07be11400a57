"""What a directory holds, by the API: its users and groups as they were pushed, and people as one profile."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from msgspec import Meta

from hallway.hub.applications.model import Application
from hallway.hub.directories.documents import complete
from hallway.hub.directories.links import NOBODY, MemberLink
from hallway.hub.directories.model import Directory, Kind
from hallway.hub.directories.people import PAGE, Listed, ListPage, Wanted
from hallway.hub.directories.profile import Profile, lacking, profile_of
from hallway.hub.directories.resources import Stored
from hallway.ids import DIRECTORY, GROUP, MEMBER, USER, ResourceId, parsed, wire
from hallway.scim.fold import fold
from hallway.web.api.cursors import opened, sealed
from hallway.web.api.directories import ONE as DIRECTORY_PATH
from hallway.web.api.directories import READ, directory_of, key_of
from hallway.web.api.endpoint import Answer, Body, Call, Document, Endpoint
from hallway.web.api.organizations import ONE as ORGANIZATION
from hallway.web.api.organizations import organization_of
from hallway.web.api.paging import After, Next, cursor, place
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import ApplicationId, DirectoryId, GroupId, Instant, MemberId, UserId, instant
from hallway.web.guards import own_path

USERS: Final = f"{DIRECTORY_PATH}/users"
GROUPS: Final = f"{DIRECTORY_PATH}/groups"
PEOPLE: Final = f"{ORGANIZATION}/people"

Few = Annotated[int, Meta(ge=1, le=PAGE, description="How many at most.", examples=[PAGE])]
Called = Annotated[str, Meta(examples=["Jo Beck"])]


class UserLine(Document, frozen=True, kw_only=True):
    """A user of a directory, in a list."""

    id: UserId
    user_name: Annotated[str, Meta(examples=["jo@acme.example"])]
    display_name: Called
    active: bool
    modified_at: Instant


class UserList(Document, frozen=True, kw_only=True):
    """A page of users: by userName, those of one state alone newest first."""

    items: list[UserLine]
    next: Next


class GroupLine(Document, frozen=True, kw_only=True):
    """A group of a directory, in a list."""

    id: GroupId
    name: Annotated[str, Meta(examples=["Engineering"])]
    members: Annotated[int, Meta(description="Direct members: users and groups.", examples=[12])]
    modified_at: Instant


class GroupList(Document, frozen=True, kw_only=True):
    """A page of groups, by name."""

    items: list[GroupLine]
    next: Next


class MemberLine(Document, frozen=True, kw_only=True):
    """Who is in a group: a user, or another group."""

    id: Annotated[str, Meta(examples=["user_019acd00000070008000000000000000"])]
    kind: Annotated[str, Meta(description="`user` or `group`.", examples=["user"])]
    name: Annotated[str, Meta(examples=["jo@acme.example"])]
    display_name: Called


class MemberLineList(Document, frozen=True, kw_only=True):
    """A page of a group's direct members, by id."""

    items: list[MemberLine]
    next: Next


class ResourceDocument(Document, frozen=True, kw_only=True):
    """A user or group as SCIM answers it (RFC 7643), with what is not returned by default."""

    directory: DirectoryId
    resource: Annotated[dict[str, Any], Meta(examples=[{"userName": "jo@acme.example", "active": True}])]


class AnswersTo(Document, frozen=True, kw_only=True):
    """Whom a person answers to."""

    id: Annotated[
        str, Meta(description="As her directory names it.", examples=["user_019acd00000070008000000000000001"])
    ]
    name: Annotated[str, Meta(description="Empty where it is nobody of her directory.", examples=["Mara Voss"])]


class GroupOfPerson(Document, frozen=True, kw_only=True):
    """A group that a person is in, directly or through another one."""

    id: GroupId
    name: Annotated[str, Meta(examples=["Engineering"])]


class Lacking(Document, frozen=True, kw_only=True):
    """What an application cannot do without, and a person has not."""

    application: ApplicationId
    attributes: Annotated[list[str], Meta(description="Of its `required`.", examples=[["department"]])]


class Person(Document, frozen=True, kw_only=True):
    """A directory's user as applications want to know her, whatever her directory product sends. What it did not send
    is empty.
    """

    id: UserId
    directory: DirectoryId
    member: Annotated[MemberId | None, Meta(description="The member that she is here.")]
    user_name: Annotated[str, Meta(examples=["jo@acme.example"])]
    external_id: Annotated[str, Meta(description="The directory product's own id.", examples=["00u1a2b3"])]
    active: bool
    name: Annotated[str, Meta(description="How she is called.", examples=["Jo Beck"])]
    given_name: Annotated[str, Meta(examples=["Jo"])]
    family_name: Annotated[str, Meta(examples=["Beck"])]
    email: Annotated[str, Meta(description="The primary one, else the first.", examples=["jo@acme.example"])]
    emails: Annotated[list[str], Meta(examples=[["jo@acme.example"]])]
    phone: Annotated[str, Meta(examples=["+49 30 1234567"])]
    title: Annotated[str, Meta(examples=["Engineer"])]
    department: Annotated[str, Meta(examples=["Platform"])]
    employee_number: Annotated[str, Meta(examples=["4711"])]
    manager: AnswersTo | None
    groups: list[GroupOfPerson]
    custom: Annotated[
        dict[str, Any],
        Meta(description="What `profile_custom` names, by its names.", examples=[{"cost_center": "K12"}]),
    ]
    lacking: Annotated[list[Lacking], Meta(description="Of applications' `required` attributes, what is empty here.")]
    created_at: Instant
    modified_at: Instant


class PersonList(Document, frozen=True, kw_only=True):
    """A page of people: one directory after the other, each by userName."""

    items: list[Person]
    next: Next


class PersonWithResource(Document, frozen=True, kw_only=True):
    """A person, and beside the profile the resource that it was made of."""

    person: Person
    resource: Annotated[dict[str, Any], Meta(examples=[{"userName": "jo@acme.example", "active": True}])]


class UserQuery(Body, frozen=True, kw_only=True):
    """Which users."""

    search: Annotated[str, Meta(max_length=254, description="Anywhere in userName, displayName, e-mail.")] = ""
    active: Annotated[bool | None, Meta(description="Only those who are, or are not.")] = None
    limit: Few = PAGE
    after: After = ""


class GroupQuery(Body, frozen=True, kw_only=True):
    """Which groups."""

    search: Annotated[str, Meta(max_length=254, description="Anywhere in the name.")] = ""
    limit: Few = PAGE
    after: After = ""


class FewQuery(Body, frozen=True, kw_only=True):
    """Which page."""

    limit: Few = PAGE
    after: After = ""


async def _page(call: Call, directory: Directory, wanted: Wanted, limit: int) -> tuple[Sequence[Listed], str | None]:
    page = await call.hub.stores.people.page(key_of(directory), wanted)
    return _cut(call, directory, page, limit)


def _cut(call: Call, directory: Directory, page: ListPage, limit: int) -> tuple[Sequence[Listed], str | None]:
    """The lines that were asked for, and the cursor behind them."""
    shown = page.listed[:limit]
    if not page.more and len(shown) == len(page.listed):
        return shown, None
    last = shown[-1]
    return shown, sealed(call.hub, _place(directory), directory.organization_id, (fold(last.name), last.id))


def _place(directory: Directory) -> str:
    return f"people of {directory.id.hex()}"


def _wanted(call: Call, directory: Directory, kind: Kind, asked: UserQuery | GroupQuery) -> Wanted:
    after = opened(call.hub, _place(directory), directory.organization_id, asked.after)
    active = asked.active if isinstance(asked, UserQuery) else None
    if after is None:
        return Wanted(kind, asked.search, active)
    return Wanted(kind, asked.search, active, ResourceId(after.id), after.name)


async def user_list(call: Call) -> Answer:
    """By userName."""
    directory, asked = await directory_of(call), call.asked(UserQuery)
    shown, following = await _page(call, directory, _wanted(call, directory, Kind.USER, asked), asked.limit)
    items = [
        UserLine(
            id=wire(USER, one.id), user_name=one.name, display_name=one.display, active=one.active,
            modified_at=instant(one.modified_at),
        )
        for one in shown
    ]  # fmt: skip
    return Answer(UserList(items=items, next=following))


async def group_list(call: Call) -> Answer:
    """By name."""
    directory, asked = await directory_of(call), call.asked(GroupQuery)
    shown, following = await _page(call, directory, _wanted(call, directory, Kind.GROUP, asked), asked.limit)
    items = [
        GroupLine(id=wire(GROUP, one.id), name=one.name, members=one.members, modified_at=instant(one.modified_at))
        for one in shown
    ]
    return Answer(GroupList(items=items, next=following))


async def _stored(call: Call, directory: Directory, kind: Kind) -> Stored:
    prefix, name = (USER, "user") if kind is Kind.USER else (GROUP, "group")
    own = parsed(prefix, call.param(name))
    found = None
    if own is not None:
        found = await call.hub.stores.resources.by_id(key_of(directory), kind, ResourceId(own))
    if found is None:
        raise ApiProblem("not_found", f"This directory has no such {name}.")
    return found


def _resource(call: Call, directory: Directory, stored: Stored) -> dict[str, Any]:
    base = call.hub.settings.scim_base_url + own_path(directory)
    return complete(stored, base.encode())


async def user_get(call: Call) -> Answer:
    """One user, as SCIM answers."""
    directory = await directory_of(call)
    stored = await _stored(call, directory, Kind.USER)
    told = ResourceDocument(directory=wire(DIRECTORY, directory.id), resource=_resource(call, directory, stored))
    return Answer(told, f'"{stored.revision}"')


async def group_get(call: Call) -> Answer:
    """One group, as SCIM answers; without its members, which have a list of their own."""
    directory = await directory_of(call)
    stored = await _stored(call, directory, Kind.GROUP)
    told = ResourceDocument(directory=wire(DIRECTORY, directory.id), resource=_resource(call, directory, stored))
    return Answer(told, f'"{stored.revision}"')


async def group_members(call: Call) -> Answer:
    """Direct members, by id."""
    directory, asked = await directory_of(call), call.asked(FewQuery)
    group, after = await _stored(call, directory, Kind.GROUP), place(asked.after)
    page = await call.hub.stores.people.members(
        key_of(directory), group.id, None if after is None else ResourceId(after)
    )
    shown = page.listed[: asked.limit]
    more = page.more or len(shown) < len(page.listed)
    items = [
        MemberLine(
            id=wire(GROUP if one.kind is Kind.GROUP else USER, one.id), name=one.name, display_name=one.display,
            kind="group" if one.kind is Kind.GROUP else "user",
        )
        for one in shown
    ]  # fmt: skip
    return Answer(MemberLineList(items=items, next=cursor(shown[-1].id) if more else None))


async def person_list(call: Call) -> Answer:
    """One directory after the other; who went meanwhile is left out."""
    owner, asked = await organization_of(call), call.asked(UserQuery)
    directories = sorted(await call.hub.stores.directories.of_organization(owner.id), key=lambda one: one.id)
    begin, _, inner = asked.after.partition(".")
    first = place(begin)
    items: list[Person] = []
    for directory in directories:
        if first is not None and directory.id < first:
            continue
        within = inner if directory.id == first else ""
        again = UserQuery(search=asked.search, active=asked.active, after=within)
        shown, following = await _page(
            call, directory, _wanted(call, directory, Kind.USER, again), asked.limit - len(items)
        )
        items += await _people(call, directory, shown)
        if following is not None:
            return Answer(PersonList(items=items, next=f"{cursor(directory.id)}.{following}"))
        if len(items) >= asked.limit and directory is not directories[-1]:
            behind = directories[directories.index(directory) + 1]
            return Answer(PersonList(items=items, next=f"{cursor(behind.id)}."))
    return Answer(PersonList(items=items, next=None))


async def _people(call: Call, directory: Directory, shown: Sequence[Listed]) -> list[Person]:
    resources, key = call.hub.stores.resources, key_of(directory)
    there = await resources.by_ids(key, Kind.USER, [one.id for one in shown])
    links = await call.hub.stores.links.links_of(key, [one.id for one in there])
    asking = await call.hub.stores.applications.applications()
    return [_person(call, directory, one, links.get(one.id), asking)[0] for one in there]


def _person(
    call: Call, directory: Directory, stored: Stored, link: MemberLink | None, asking: Sequence[Application]
) -> tuple[Person, dict[str, Any]]:
    resource = _resource(call, directory, stored)
    types = call.hub.catalogue.types(directory)
    told = profile_of(resource, types[Kind.USER], dict(call.hub.settings.profile_custom))
    member = None if link is None or link.member_id == NOBODY else wire(MEMBER, link.member_id)
    lacks = [Lacking(application=one.client_id, attributes=list(names)) for one, names in lacking(told, asking)]
    return _document(wire(DIRECTORY, directory.id), stored, told, member, lacks), resource


def _document(directory: str, stored: Stored, told: Profile, member: str | None, lacks: list[Lacking]) -> Person:
    manager = None if told.manager is None else AnswersTo(id=told.manager[0], name=told.manager[1])
    return Person(
        id=wire(USER, stored.id), directory=directory, member=member, user_name=told.user_name,
        external_id=told.external_id, active=told.active, name=told.name, given_name=told.given_name,
        family_name=told.family_name, email=told.email, emails=list(told.emails), phone=told.phone, title=told.title,
        department=told.department, employee_number=told.employee_number, manager=manager,
        groups=[GroupOfPerson(id=one, name=name) for one, name in told.groups], custom=dict(told.custom), lacking=lacks,
        created_at=instant(stored.created_at), modified_at=instant(stored.modified_at),
    )  # fmt: skip


async def person_get(call: Call) -> Answer:
    """One person of any directory of the organization."""
    owner, own = await organization_of(call), parsed(USER, call.param("person"))
    for directory in await call.hub.stores.directories.of_organization(owner.id) if own is not None else []:
        stored = await call.hub.stores.resources.by_id(key_of(directory), Kind.USER, ResourceId(own or b""))
        if stored is not None:
            link = await call.hub.stores.links.link_of(key_of(directory), stored.id)
            asking = await call.hub.stores.applications.applications()
            person, resource = _person(call, directory, stored, link, asking)
            return Answer(PersonWithResource(person=person, resource=resource))
    raise ApiProblem("not_found", "This organization has no such person in a directory.")


ENDPOINTS: Final = (
    Endpoint("GET", USERS, READ, "List or search a directory's users.", user_list, UserList, query=UserQuery),
    Endpoint(
        "GET", f"{USERS}/{{user}}", READ, "Get a user as SCIM has her.", user_get, ResourceDocument, versioned=True
    ),
    Endpoint("GET", GROUPS, READ, "List or search a directory's groups.", group_list, GroupList, query=GroupQuery),
    Endpoint(
        "GET", f"{GROUPS}/{{group}}", READ, "Get a group as SCIM has it.", group_get, ResourceDocument, versioned=True,
        about="Without its members, which have a list of their own.",
    ),
    Endpoint(
        "GET", f"{GROUPS}/{{group}}/members", READ, "List a group's direct members.", group_members, MemberLineList,
        query=FewQuery,
    ),
    Endpoint(
        "GET", PEOPLE, READ, "List or search people as profiles.", person_list, PersonList, query=UserQuery,
        about="Users of all directories of the organization.",
    ),
    Endpoint(
        "GET", f"{PEOPLE}/{{person}}", READ, "Get a person as a profile.", person_get, PersonWithResource,
        about="Beside it the SCIM resource that it was made of.",
    ),
)  # fmt: skip
"""The rows."""
