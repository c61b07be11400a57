"""Directories of an organization, and what they hold, by the API."""

import asyncio
import hashlib
from dataclasses import replace
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hallway.hub.directories.administration import Administration, Parting, People
from hallway.hub.directories.model import Directory as Kept
from hallway.hub.directories.model import DirectoryState, Provider, Standing
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.directories.ruling import checked_base_path, checked_rules
from hallway.hub.organizations.service import checked_name
from hallway.ids import DIRECTORY, ORGANIZATION, DirectoryId, parsed, wire
from hallway.scim.quirks import Quirk
from hallway.web.api.endpoint import Answer, Body, Call, Document, Endpoint
from hallway.web.api.organizations import ONE as ORGANIZATION_PATH
from hallway.web.api.organizations import organization_of
from hallway.web.api.paging import Next, Paged, sliced
from hallway.web.api.problems import ApiProblem
from hallway.web.api.words import DirectoryId as WireId
from hallway.web.api.words import Instant, Name, instant, maybe
from hallway.web.api.words import OrganizationId as OwnerId
from hallway.web.guards import REMEMBERED_SECONDS

PATH: Final = f"{ORGANIZATION_PATH}/directories"
ONE: Final = f"{PATH}/{{directory}}"
READ, WRITE = "directories:read", "directories:write"

ProviderWord = Annotated[Provider, Meta(description="Whose product pushes: it chooses words, and no behaviour.")]


class Rules(Document, frozen=True, kw_only=True):
    """How a directory is served. What each rule means stands on the page of the directory's rules."""

    strict: bool
    user_name_is_email: bool
    immutable: Annotated[list[str], Meta(description="What SCIM may not change.", examples=[["userName"]])]
    delete_deactivates: bool
    restore_by_external_id: bool
    group_names_unique: bool
    group_patch_answers_resource: bool
    quirks_on: Annotated[list[Quirk], Meta(examples=[["missing_active_means_true"]])]
    schemas: Annotated[list[str], Meta(description="Declared schemas that are switched on.", examples=[[]])]


class Directory(Document, frozen=True, kw_only=True):
    """A SCIM source of an organization: what a customer's directory product pushes into."""

    id: WireId
    organization: OwnerId
    name: Name
    provider: ProviderWord
    state: Annotated[DirectoryState, Meta(description="A disabled one refuses writes.")]
    base_url: Annotated[
        str, Meta(description="What the other side is given.", examples=["https://hub.example/scim/dir_…/v2"])
    ]
    extra_base_path: Annotated[str | None, Meta(description="Another path of the same.", examples=["/scim/v2"])]
    rules: Rules
    created_at: Instant


class DirectoryStanding(Document, frozen=True, kw_only=True):
    """A directory with its people counted."""

    directory: Directory
    users: Annotated[int, Meta(examples=[412])]
    groups: Annotated[int, Meta(examples=[17])]
    last_request_at: Annotated[Instant | None, Meta(description="Up to ten seconds late.")]


class DirectoryList(Document, frozen=True, kw_only=True):
    """A page of directories, oldest first; deleted ones are not there."""

    items: list[Directory]
    next: Next


class MadeDirectory(Document, frozen=True, kw_only=True):
    """A new directory with its first token, which is in no other answer."""

    directory: Directory
    token: Annotated[str, Meta(description="Paste it at the other side.", examples=["hw_scim_…"])]
    token_id: Annotated[str, Meta(examples=["tok_019acd00000070008000000000000000"])]
    token_expires_at: Instant


class NewDirectory(Body, frozen=True, kw_only=True):
    """A directory to make."""

    name: Name
    provider: ProviderWord = Provider.OTHER
    token_days: (
        Annotated[int, Meta(ge=1, le=3650, description="How long its first token lives; the deployment's default.")]
        | None
    ) = None


class RulesPatch(Body, frozen=True, kw_only=True):
    """Rules that shall be different."""

    strict: bool | UnsetType = UNSET
    user_name_is_email: bool | UnsetType = UNSET
    immutable: Annotated[list[str], Meta(max_length=100, examples=[["userName"]])] | UnsetType = UNSET
    delete_deactivates: bool | UnsetType = UNSET
    restore_by_external_id: bool | UnsetType = UNSET
    group_names_unique: bool | UnsetType = UNSET
    group_patch_answers_resource: bool | UnsetType = UNSET
    quirks_on: Annotated[list[Quirk], Meta(max_length=100, examples=[["missing_active_means_true"]])] | UnsetType = (
        UNSET
    )
    schemas: Annotated[list[str], Meta(max_length=100, examples=[[]])] | UnsetType = UNSET


class DirectoryPatch(Body, frozen=True, kw_only=True):
    """What shall be different; what is left out stays."""

    name: Name | UnsetType = UNSET
    provider: ProviderWord | UnsetType = UNSET
    extra_base_path: Annotated[str, Meta(max_length=200, examples=["/scim/v2"])] | None | UnsetType = UNSET
    rules: RulesPatch | UnsetType = UNSET


class Deletion(Body, frozen=True, kw_only=True):
    """What becomes of the people of a directory that is deleted."""

    people: Annotated[People, Meta(description="`keep`: by hand; `deactivate`; `move`: to the directory of `to`.")]
    to: Annotated[WireId | None, Meta(description="Where people move.")] = None


class Deleted(Document, frozen=True, kw_only=True):
    """A directory that is no more."""

    handled: Annotated[int, Meta(description="Users and groups that were kept, deactivated or moved.", examples=[429])]


def document(one: Kept, base_url: str) -> Directory:
    """A directory as the API shows it; `base_url` is SCIM's."""
    return Directory(
        id=wire(DIRECTORY, one.id), organization=wire(ORGANIZATION, one.organization_id), name=one.name,
        provider=one.provider, state=one.state, base_url=f"{base_url}/scim/{wire(DIRECTORY, one.id)}/v2",
        extra_base_path=one.base_path or None, created_at=instant(one.created_at),
        rules=Rules(
            strict=one.rules.strict, user_name_is_email=one.rules.user_name_is_email,
            immutable=list(one.rules.immutable), delete_deactivates=one.rules.delete_deactivates,
            restore_by_external_id=one.rules.restore_by_external_id, group_names_unique=one.rules.group_names_unique,
            group_patch_answers_resource=one.rules.group_patch_answers_resource,
            quirks_on=sorted(one.rules.quirks_on, key=lambda quirk: quirk.value), schemas=list(one.rules.schemas),
        ),
    )  # fmt: skip


def etag(told: Directory) -> str:
    """Its version: all that is shown of it."""
    return f'"{hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:32]}"'


def key_of(one: Kept) -> DirectoryKey:
    """Where its rows are."""
    return DirectoryKey(one.organization_id, one.id)


def acting(call: Call) -> Administration:
    """What the caller does with directories."""
    return Administration(call.hub.desk, call.hub.catalogue.types, call.actor)


def _answer(call: Call, one: Kept) -> Answer:
    told = document(one, call.hub.settings.scim_base_url)
    return Answer(told, etag(told))


async def directory_of(call: Call) -> Kept:
    """The directory that the path names, in the organization that it names; raises `not_found`."""
    owner = await organization_of(call)
    return await _located(call, owner.id, call.param("directory"))


async def _located(call: Call, owner: bytes, text: str) -> Kept:
    own = parsed(DIRECTORY, text)
    found = None if own is None else await call.hub.stores.directories.located(DirectoryId(own))
    if found is None or found.organization_id != owner or found.state is DirectoryState.DELETED:
        raise ApiProblem("not_found", "This organization has no such directory.")
    return found


async def directory_list(call: Call) -> Answer:
    """Oldest first."""
    owner = await organization_of(call)
    there = await call.hub.stores.directories.of_organization(owner.id)
    page, following = sliced(there, lambda one: one.id, call.asked(Paged))
    base_url = call.hub.settings.scim_base_url
    return Answer(DirectoryList(items=[document(one, base_url) for one in page], next=following))


async def directory_create(call: Call) -> Answer:
    """A directory with its first token."""
    said, owner = call.said(NewDirectory), await organization_of(call)
    days = said.token_days or call.hub.settings.tokens_default_days
    one, made = await acting(call).create(owner, said.name, said.provider, days)
    told = document(one, call.hub.settings.scim_base_url)
    answer = MadeDirectory(
        directory=told, token=made.text, token_id=wire("tok_", made.token.id),
        token_expires_at=instant(made.token.expires_at),
    )  # fmt: skip
    return Answer(answer, location=f"{call.request.path}/{told.id}")


async def directory_get(call: Call) -> Answer:
    """One directory."""
    return _answer(call, await directory_of(call))


async def directory_standing(call: Call) -> Answer:
    """With its people counted."""
    one = await directory_of(call)
    found: Standing = await call.hub.stores.directories.standing(key_of(one))
    told = DirectoryStanding(
        directory=document(one, call.hub.settings.scim_base_url), users=found.users, groups=found.groups,
        last_request_at=maybe(found.last_request_at),
    )  # fmt: skip
    return Answer(told)


async def directory_update(call: Call) -> Answer:
    """Name, provider, rules, extra base path; one at a time, since a directory's row has no version."""
    said = call.said(DirectoryPatch)
    async with call.hub.desk.queues.turn(b"directory " + (await directory_of(call)).id):
        was = await directory_of(call)
        call.expected.must_be(etag(document(was, call.hub.settings.scim_base_url)))
        changed = was
        if said.name is not UNSET:
            changed = replace(changed, name=checked_name(said.name))
        if said.provider is not UNSET:
            changed = replace(changed, provider=said.provider)
        if said.extra_base_path is not UNSET:
            changed = replace(changed, base_path=checked_base_path(said.extra_base_path or ""))
        if said.rules is not UNSET:
            given = {
                name: value
                for name in said.rules.__struct_fields__
                if (value := getattr(said.rules, name)) is not UNSET
            }
            changed = replace(changed, rules=checked_rules(call.hub.catalogue, changed, given))
        return _answer(call, await acting(call).update(was, changed))


async def directory_enable(call: Call) -> Answer:
    """Take writes again."""
    return _answer(call, await acting(call).enable(await directory_of(call)))


async def directory_disable(call: Call) -> Answer:
    """Refuse writes."""
    return _answer(call, await acting(call).disable(await directory_of(call)))


async def directory_delete(call: Call) -> Answer:
    """End it, with a word about its people."""
    one, said = await directory_of(call), call.asked(Deletion)
    call.expected.must_be(etag(document(one, call.hub.settings.scim_base_url)))
    target = None if said.to is None else await _located(call, one.organization_id, said.to)
    parting = Parting(said.people, target, lambda _: None)
    closed = await acting(call).close(one, parting)
    if closed is not one:
        # Whoever serves remembers that the directory takes writes; what it still takes is to be handled too.
        await asyncio.sleep(2 * REMEMBERED_SECONDS)
    return Answer(Deleted(handled=await acting(call).delete(closed, parting)))


ENDPOINTS: Final = (
    Endpoint("GET", PATH, READ, "List directories.", directory_list, DirectoryList, query=Paged),
    Endpoint(
        "POST", PATH, WRITE, "Make a directory.", directory_create, MadeDirectory, NewDirectory, status=201,
        about="With its first token, which no other answer has.",
    ),
    Endpoint("GET", ONE, READ, "Get a directory.", directory_get, Directory, versioned=True),
    Endpoint(
        "GET", f"{ONE}/standing", READ, "Get a directory with its people counted.", directory_standing,
        DirectoryStanding,
    ),
    Endpoint(
        "PATCH", ONE, WRITE, "Change name, provider, rules or extra base path.", directory_update, Directory,
        DirectoryPatch, versioned=True,
    ),
    Endpoint(
        "POST", f"{ONE}/enable", WRITE, "Take writes again.", directory_enable, Directory,
    ),
    Endpoint(
        "POST", f"{ONE}/disable", WRITE, "Refuse writes.", directory_disable, Directory,
        about="With 503, so that senders try again; reads are served.",
    ),
    Endpoint(
        "DELETE", ONE, WRITE, "Delete a directory.", directory_delete, Deleted, query=Deletion, versioned=True,
        about="Its tokens end. Each person is handled and journaled; large ones take a while. Safe to send again.",
    ),
)  # fmt: skip
"""The rows."""
