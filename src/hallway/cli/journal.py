"""`hallway hub journal`: who changed what, when, from where, and what it was before."""

from collections.abc import Mapping
from typing import Annotated, Final

import orjson
import typer

from hallway.cli.printing import say, show_json
from hallway.cli.running import AsJson, BaseUrl, Database, run_with_hub, settings_of
from hallway.cli.shapes import instant
from hallway.hub.directories.model import Kind
from hallway.hub.organizations.model import Organization
from hallway.journal.model import Written
from hallway.journal.shape import changed, shape_of
from hallway.scim.json import Json, JsonObject
from hallway.web.wiring import Hub

app = typer.Typer()

_FIXED: Final = frozenset({"schemas", "id"})
_UNSAID: Final = "(nothing)"


@app.command("journal")
def journal(
    organization: Annotated[str, typer.Argument(metavar="ORGANIZATION", help="Its id (org_…) or its external id.")],
    after: Annotated[int, typer.Option("--after", min=0, help="Only entries behind this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many entries.")] = 100,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Show an organization's journal, oldest first: who, what, before and after, and from which exchange."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> list[JsonObject]:
        one = await hub.registrar.found(organization)
        found = await hub.stores.journal.after(one.id, after, limit)
        return [await entry_shape(hub, one, written) for written in found]

    shapes = run_with_hub(settings, act)
    if as_json:
        listed: list[Json] = list(shapes)
        show_json(listed)
        return
    for shape in shapes:
        _tell(shape)
    if not shapes:
        say("(none)")
    if len(shapes) == limit:
        say(f"More: --after {shapes[-1]['seq']}")


async def entry_shape(hub: Hub, organization: Organization, written: Written) -> JsonObject:
    """An entry as JSON; `before` and `after` hold the attributes that changed, all of them where one side is empty."""
    before, after = await _sides(hub, organization, written)
    return {**shape_of(written), "before": before, "after": after}


async def _sides(hub: Hub, organization: Organization, written: Written) -> tuple[JsonObject | None, JsonObject | None]:
    """What the entry changed of its user or group; a deletion has no after, a creation no before, a move neither."""
    entry = written.entry
    about_a_resource = entry.subject_id is not None and entry.type.startswith(("user.", "group."))
    if not about_a_resource or entry.type.endswith(".moved"):
        return None, None
    was, became = await hub.stores.journal.around(organization.id, entry, written.seq)
    before, after = _document(was), _document(became)
    if entry.type.endswith(".deleted"):
        return before, None
    return changed(before, after)


def _document(version: tuple[Kind, bytes] | None) -> JsonObject | None:
    if version is None:
        return None
    document: JsonObject = orjson.loads(version[1] + b"}")
    return document


def _tell(shape: JsonObject) -> None:
    """An entry for people: one line, and one for each attribute that changed."""
    personal, facts = _object(shape["personal"]), _object(shape["facts"])
    named = personal.get("userName") or personal.get("displayName") or personal.get("name") or ""
    say(f"{shape['seq']:>7}  {shape['at']}  {shape['type']}  {shape['subject_id'] or ''}  {named}".rstrip())
    actor = _object(shape["actor"])
    who = [str(actor[name]) for name in ("label", "id", "address") if actor[name]]
    source = f", {shape['exchange_id']}" if shape["exchange_id"] else ""
    say(f"         by {actor['kind']} {', '.join(who)}{source}")
    for name, value in facts.items():
        if name != "attributes" and value not in ([], ""):
            say(f"         {name}: {_fact(name, value)}")
    before, after = _object(shape["before"]), _object(shape["after"])
    for name in {**before, **after}:
        if name not in _FIXED:
            say(f"         {name}: {_side(before, name)} -> {_side(after, name)}")


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _side(side: Mapping[str, Json], name: str) -> str:
    return _text(side[name]) if name in side else _UNSAID


def _fact(name: str, value: Json) -> str:
    return str(instant(value)) if name.endswith("_at") and isinstance(value, int) else _text(value)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
