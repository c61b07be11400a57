"""`hallway hub stream`: made, listed, ended."""

from pathlib import Path

from hallway.hub.webhooks.service import disable, found_endpoint
from hallway.web.delivering import webhook_desk
from hallway.web.wiring import Hub
from tests.cli.commands import json_of, refusal_of, text_of
from tests.running import ACTOR, RunningHub, sqlite_url


async def _switched_off(hub: Hub, name: str) -> None:
    endpoint = await found_endpoint(webhook_desk(hub), name, "stream")
    await disable(webhook_desk(hub), endpoint, ACTOR, "It took nothing for three days.")


def test_a_stream_is_made_listed_and_ended(tmp_path: Path) -> None:
    hub = RunningHub(sqlite_url(tmp_path))
    directory = hub.directory().id
    made = json_of(hub.environ, "hub", "stream", "create", directory, "--audience", "https://reader.example")
    assert made["secret"].startswith("hw_stream_")
    assert made["url"] == f"{hub.environ['HALLWAY_BASE_URL']}/streams/{made['id']}/poll"
    (listed,) = json_of(hub.environ, "hub", "stream", "list", directory)
    assert listed == {key: value for key, value in made.items() if key != "secret"}
    assert "https://reader.example" in text_of(hub.environ, "hub", "stream", "list", directory)
    assert "hw_stream_" in text_of(hub.environ, "hub", "stream", "create", directory, "--audience", "other")
    assert made["id"] in text_of(hub.environ, "hub", "stream", "delete", directory, made["id"])
    assert "no stream" in refusal_of(hub.environ, "hub", "stream", "delete", directory, made["id"])
    assert len(json_of(hub.environ, "hub", "stream", "list", directory)) == 1


def test_a_stream_that_is_pushed_is_made_listed_and_ended(tmp_path: Path) -> None:
    hub = RunningHub(sqlite_url(tmp_path))
    directory, other = hub.directory().id, hub.directory().id
    wish = ("--audience", "reader", "--push", "https://reader.example/", "--authorization", "Bearer theirs")
    made = json_of(hub.environ, "hub", "stream", "create", directory, *wish)
    assert (made["id"][:5], made["url"], made["state"]) == ("hook_", "https://reader.example/", "active")
    assert json_of(hub.environ, "hub", "stream", "list", directory) == [made]
    assert "theirs" not in text_of(hub.environ, "hub", "stream", "list", directory)
    assert "https://reader.example/" in text_of(hub.environ, "hub", "stream", "create", other, *wish)
    for act in ("delete", "enable"):
        assert "no stream" in refusal_of(hub.environ, "hub", "stream", act, other, made["id"])
    hub.act(lambda opened: _switched_off(opened, made["id"]))
    assert "It took nothing" in text_of(hub.environ, "hub", "stream", "list", directory)
    assert "again" in text_of(hub.environ, "hub", "stream", "enable", directory, made["id"], "--skip")
    assert json_of(hub.environ, "hub", "stream", "list", directory) == [made]
    assert made["id"] in text_of(hub.environ, "hub", "stream", "delete", directory, made["id"])
    assert json_of(hub.environ, "hub", "stream", "list", directory) == []
