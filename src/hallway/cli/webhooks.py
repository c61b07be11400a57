"""`hallway hub webhook …`."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from hallway.cli.printing import say, show_json, table
from hallway.cli.running import AsJson, BaseUrl, Database, actor, run_with_hub, settings_of
from hallway.cli.webhook_shapes import attempt_shape, delivery_shape, webhook_shape
from hallway.delivery.model import Delivery, Endpoint
from hallway.delivery.ports import Verdict
from hallway.delivery.trying import Tried
from hallway.hub.webhooks.looking import attempts, dead_letters, ping, recent, recent_before, redeliver, redeliver_dead
from hallway.hub.webhooks.service import USUAL_OVERLAP, Wish, change, found_endpoint, listed
from hallway.hub.webhooks.service import create as create_webhook
from hallway.hub.webhooks.service import delete as delete_webhook
from hallway.hub.webhooks.service import disable as disable_webhook
from hallway.hub.webhooks.service import enable as enable_webhook
from hallway.hub.webhooks.service import rotate as rotate_secret
from hallway.scim.json import Json, JsonObject
from hallway.web.delivering import delivery_desk, webhook_desk
from hallway.web.wiring import Hub

T = TypeVar("T")
app = typer.Typer(help="Endpoints of yours that are told what happens.", no_args_is_help=True)
Hook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id (hook_…).")]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="Where events are posted to.")]
Types = Annotated[
    list[str] | None, typer.Option("--event", metavar="TYPE", help="A type, or an area as member.*; several times.")
]
Called = Annotated[str | None, typer.Option("--name", help="What you call it.")]
_COLUMNS = ("event", "type", "state", "tries", "happened_at", "tried_at")


@app.command()
def create(
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Where events are posted to.")],
    types: Types = None,
    organization: Annotated[
        str, typer.Option("--organization", metavar="ORGANIZATION", help="Only what happens in this one.")
    ] = "",
    name: Called = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make a webhook, told what happens from now on; its secret is printed this once."""

    async def act(hub: Hub) -> tuple[Endpoint, str]:
        owner = (await hub.registrar.found(organization)).id if organization else None
        wish = Wish(url, tuple(types or ()), name or "")
        return await create_webhook(webhook_desk(hub), wish, owner, actor())

    _show_secret(run_with_hub(settings_of({"database": database, "base_url": base_url}), act), as_json)


@app.command("list")
def list_command(as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """List all webhooks, oldest first."""
    found = run_with_hub(
        settings_of({"database": database, "base_url": base_url}), lambda hub: listed(webhook_desk(hub))
    )
    _show_rows([webhook_shape(one) for one in found], ("id", "state", "url", "name", "last_success_at"), as_json)


@app.command()
def show(webhook: Hook, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Show a webhook, and what became of the events that happened last."""

    async def act(hub: Hub, one: Endpoint) -> JsonObject:
        desk = delivery_desk(hub)
        latest: list[Json] = [delivery_shape(each) for each in await recent(desk, one)]
        dead: list[Json] = [delivery_shape(each) for each in await dead_letters(desk, one)]
        return {**webhook_shape(one), "recent": latest, "dead": dead}

    shape = _with(webhook, act, database, base_url)
    if as_json:
        show_json(shape)
        return
    for key in ("id", "url", "name", "state", "reason", "events", "organization_id", "last_success_at"):
        shown = shape[key]
        say(f"{key + ':':17}{', '.join(map(str, shown)) if isinstance(shown, list) else shown or ''}")
    for title, key in (("Tried last:", "recent"), ("Given up, the first hundred:", "dead")):
        say(f"\n{title}")
        rows = shape[key]
        _show_rows([one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else [], _COLUMNS, False)


@app.command()
def deliveries(
    webhook: Hook,
    dead: Annotated[bool, typer.Option("--dead", help="Only what was given up, oldest first.")] = False,
    most: Annotated[int, typer.Option("--most", min=1, help="How many at most.")] = 100,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """List what became of events, those that happened last first."""

    async def act(hub: Hub, one: Endpoint) -> list[Delivery]:
        desk = delivery_desk(hub)
        if dead:
            return list(await dead_letters(desk, one, most=most))
        page = await recent_before(desk, one, None, most)
        found = list(page.deliveries)
        while page.following is not None and len(found) < most:
            page = await recent_before(desk, one, page.following, most)
            found += page.deliveries
        return found[:most]

    found = _with(webhook, act, database, base_url)
    _show_rows([delivery_shape(one) for one in found], _COLUMNS, as_json)


@app.command("attempts")
def attempts_command(
    webhook: Hook,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The event's id (evt_…).")],
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Show every attempt to deliver one event: when, how long, the status, the beginning of the answer."""

    async def act(hub: Hub, one: Endpoint) -> JsonObject:
        delivery, made = await attempts(delivery_desk(hub), one, event)
        tried: list[Json] = [attempt_shape(each) for each in made]
        return {**delivery_shape(delivery), "attempts": tried}

    shape = _with(webhook, act, database, base_url)
    if as_json:
        show_json(shape)
        return
    tried = shape["attempts"]
    rows = [one for one in tried if isinstance(one, dict)] if isinstance(tried, list) else []
    _show_rows(rows, ("at", "status", "milliseconds", "reason", "answer"), False)


@app.command("set")
def set_command(
    webhook: Hook,
    url: Url = None,
    types: Types = None,
    name: Called = None,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Change address, types (all of them: what is not named is no longer sent) or name."""
    wish = Wish(url, None if not types else tuple(types), name)
    changed = _with(webhook, lambda hub, one: change(webhook_desk(hub), one, wish, actor()), database, base_url)
    _show(changed, as_json)


@app.command()
def rotate(
    webhook: Hook,
    hours: Annotated[
        int, typer.Option("--old-valid-hours", min=0, help="How long the old secret signs beside the new one.")
    ] = USUAL_OVERLAP,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Make a new secret, printed this once; the old one stays valid for a while."""

    async def act(hub: Hub, one: Endpoint) -> tuple[Endpoint, str]:
        return await rotate_secret(webhook_desk(hub), one, hours, actor())

    _show_secret(_with(webhook, act, database, base_url), as_json)


@app.command()
def disable(webhook: Hook, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Send nothing any more; what happens waits."""
    off = _with(webhook, lambda hub, one: disable_webhook(webhook_desk(hub), one, actor()), database, base_url)
    _show(off, as_json)


@app.command()
def enable(
    webhook: Hook,
    skip: Annotated[bool, typer.Option("--skip", help="Leave out what waited.")] = False,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Send again, beginning with what waited."""
    on = _with(webhook, lambda hub, one: enable_webhook(webhook_desk(hub), one, actor(), skip), database, base_url)
    _show(on, as_json)


@app.command()
def delete(webhook: Hook, database: Database = None, base_url: BaseUrl = None) -> None:
    """Delete a webhook, with what was kept of its deliveries."""
    _with(webhook, lambda hub, one: delete_webhook(webhook_desk(hub), one, actor()), database, base_url)
    say(f"Deleted {webhook}.")


@app.command("redeliver")
def redeliver_command(
    webhook: Hook,
    event: Annotated[str, typer.Argument(metavar="[EVENT]", help="The event's id (evt_…).")] = "",
    dead_since: Annotated[
        datetime | None, typer.Option("--dead-since", help="Every dead letter given up since then (UTC).")
    ] = None,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Deliver one event again, or all dead letters since an instant."""
    if bool(event) == (dead_since is not None):
        raise typer.BadParameter("Name an event, or say --dead-since.")

    async def act(hub: Hub, one: Endpoint) -> int:
        if dead_since is not None:
            since = int(dead_since.replace(tzinfo=UTC).timestamp() * 1_000_000)
            return await redeliver_dead(delivery_desk(hub), one, since, actor())
        await redeliver(delivery_desk(hub), one, event, actor())
        return 1

    count = _with(webhook, act, database, base_url)
    say(f"Asked for {count} {'event' if count == 1 else 'events'}; the server that runs delivers.")


@app.command()
def test(webhook: Hook, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Send a ping now, signed as every event, and show what came back."""

    async def act(hub: Hub, one: Endpoint) -> Tried:
        try:
            return await ping(delivery_desk(hub), one)
        finally:
            await hub.post.aclose()

    tried = _with(webhook, act, database, base_url)
    shape = attempt_shape(tried.attempt)
    if as_json:
        show_json(shape)
    else:
        say(f"{shape['status'] or 'No answer'} after {shape['milliseconds']} ms. {shape['reason']}")
    if tried.verdict is not Verdict.TAKEN:
        raise typer.Exit(1)


def _with(webhook: str, act: Callable[[Hub, Endpoint], Awaitable[T]], database: str | None, base_url: str | None) -> T:
    async def whole(hub: Hub) -> T:
        return await act(hub, await found_endpoint(webhook_desk(hub), webhook))

    return run_with_hub(settings_of({"database": database, "base_url": base_url}), whole)


def _show(one: Endpoint, as_json: bool) -> None:
    if as_json:
        show_json(webhook_shape(one))
        return
    said = f" {one.reason}" if one.reason else ""
    say(f"{webhook_shape(one)['id']} is {one.state.value}.{said}")


def _show_secret(made: tuple[Endpoint, str], as_json: bool) -> None:
    endpoint, secret = made
    shape: JsonObject = {**webhook_shape(endpoint), "secret": secret}
    if as_json:
        show_json(shape)
        return
    say(f"{shape['id']} posts to {endpoint.url}. Its secret is shown this once:")
    say(secret)


def _show_rows(shapes: list[JsonObject], columns: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        whole: list[Json] = list(shapes)
        show_json(whole)
        return
    table(columns, [tuple("" if one[each] is None else str(one[each]) for each in columns) for one in shapes])
