"""`hallway hub webhook …` and `hallway hub worker`."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.cli.commands import environ_of, json_of, refusal_of, result_of, text_of
from tests.delivering import delivering
from tests.engines import run
from tests.hook_server import Received, hook_server

URL = "https://app.example/hook"


def test_a_webhook_is_made_listed_changed_and_deleted(sqlite_database: str) -> None:
    environ = environ_of(sqlite_database)
    text_of(environ, "hub", "organization", "create", "Acme", "--external-id", "acme")
    made = json_of(
        environ, "hub", "webhook", "create", "--url", URL, "--event", "member.*", "--event", "user.created",
        "--organization", "acme", "--name", "App",
    )  # fmt: skip
    assert made["secret"].startswith("whsec_") and made["events"] == ["member.*", "user.created"]
    assert made["organization_id"].startswith("org_") and made["state"] == "active"
    one = made["id"]
    [listed] = json_of(environ, "hub", "webhook", "list")
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    assert one in text_of(environ, "hub", "webhook", "list")
    changed = json_of(environ, "hub", "webhook", "set", one, "--url", f"{URL}2", "--event", "member.removed")
    assert (changed["url"], changed["events"], changed["name"]) == (f"{URL}2", ["member.removed"], "App")
    rotated = json_of(environ, "hub", "webhook", "rotate", one, "--old-valid-hours", "2")
    assert rotated["secret"] != made["secret"]
    assert "whsec_" in text_of(environ, "hub", "webhook", "rotate", one)
    off = json_of(environ, "hub", "webhook", "disable", one)
    assert (off["state"], off["reason"]) == ("off", "It was switched off by hand.")
    assert "is active." in text_of(environ, "hub", "webhook", "enable", one, "--skip")
    shown = text_of(environ, "hub", "webhook", "show", one)
    assert f"{URL}2" in shown and "(none)" in shown
    assert "Deleted" in text_of(environ, "hub", "webhook", "delete", one)
    assert json_of(environ, "hub", "webhook", "list") == []
    assert "no webhook" in refusal_of(environ, "hub", "webhook", "show", one)


def test_words_that_make_no_webhook_are_refused(sqlite_database: str) -> None:
    environ = environ_of(sqlite_database)
    said = refusal_of(environ, "hub", "webhook", "create", "--url", URL, "--event", "member.vanished")
    assert "member.vanished" in said and "member.deactivated" in said
    assert "https://" in refusal_of(environ, "hub", "webhook", "create", "--url", "http://app.example/")
    one = json_of(environ, "hub", "webhook", "create", "--url", URL)["id"]
    assert json_of(environ, "hub", "webhook", "show", one)["events"] == ["*"]
    for words in ((), ("evt_" + "0" * 32, "--dead-since", "2026-01-01")):
        assert result_of(environ, "hub", "webhook", "redeliver", one, *words).exit_code == 2
    assert "not sent" in refusal_of(environ, "hub", "webhook", "redeliver", one, "evt_" + "0" * 32)
    assert "On SQLite" in refusal_of(environ, "hub", "worker")
    assert result_of({**environ, "HALLWAY_DELIVERIES": "apart"}, "hub", "webhook", "list").exit_code == 2


def _answered(act: Callable[[Received], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        async with hook_server() as received:
            await act(received)

    run(whole())


def test_a_ping_shows_what_came_back(sqlite_database: str) -> None:
    environ = environ_of(sqlite_database)

    async def act(received: Received) -> None:
        made = await asyncio.to_thread(json_of, environ, "hub", "webhook", "create", "--url", received.url)
        tried = await asyncio.to_thread(json_of, environ, "hub", "webhook", "test", made["id"])
        assert (tried["status"], tried["reason"], tried["answer"]) == (200, "", "ok")
        [heard] = received.heard
        assert Webhook(made["secret"]).verify(heard.body.decode(), heard.headers)["type"] == "ping"
        received.status = 500
        result = await asyncio.to_thread(result_of, environ, "hub", "webhook", "test", made["id"])
        assert result.exit_code == 1 and "500" in result.output

    _answered(act)


def test_attempts_and_dead_letters_are_shown_and_asked_for_again(
    tmp_path_factory: pytest.TempPathFactory, sqlite_database: str
) -> None:
    environ = environ_of(sqlite_database)

    async def fill() -> tuple[str, str]:
        async with delivering(tmp_path_factory.mktemp("hub"), sqlite_database) as post:
            acme, hook = await post.organization(), await post.webhook(URL)
            post.receivers.behave[URL] = lambda one: 500 if one.place[1] == 2 else 200
            await post.happen(acme.id, 2)
            await post.run()
            return "hook_" + hook.id.hex(), post.receivers.heard[0].id

    one, event = run(fill())
    shown = json_of(environ, "hub", "webhook", "show", one)
    assert [each["state"] for each in shown["recent"]] == ["delivered", "dead"]
    assert [each["event"] for each in shown["dead"]] == [event]
    assert event in text_of(environ, "hub", "webhook", "show", one)
    tried = json_of(environ, "hub", "webhook", "deliveries", one)
    assert tried == shown["recent"]
    assert json_of(environ, "hub", "webhook", "deliveries", one, "--most", "1") == tried[:1]
    assert json_of(environ, "hub", "webhook", "deliveries", one, "--dead") == shown["dead"]
    assert "delivered" in text_of(environ, "hub", "webhook", "deliveries", one)
    kept = json_of(environ, "hub", "webhook", "attempts", one, event)
    assert len(kept["attempts"]) == 12 and kept["attempts"][0]["answer"] == "said 500"
    assert "It answered 500." in text_of(environ, "hub", "webhook", "attempts", one, event)
    assert "Asked for 1 event;" in text_of(environ, "hub", "webhook", "redeliver", one, event)
    assert "Asked for 0 events" in text_of(
        environ, "hub", "webhook", "redeliver", one, "--dead-since", "2020-01-01T00:00:00"
    )
    again = json_of(environ, "hub", "webhook", "show", one)
    assert [each["asked_again"] for each in again["dead"]] == [True]
