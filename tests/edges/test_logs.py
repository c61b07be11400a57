"""Logs: one line an event, the request's id on it, and no secret by any route."""

import io
import logging
from collections.abc import Iterator

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from hallway.logs import REDACTED, redacted, request_bound, set_up_logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(line_format: str, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    set_up_logs(level, line_format, stream)
    return stream


def test_a_json_line_carries_time_level_event_and_request() -> None:
    stream = lines("json")
    with request_bound("req_1"):
        structlog.get_logger().info("user created", directory="dir_1", status=201)
    structlog.get_logger().warning("after")
    first, second = (orjson.loads(line) for line in stream.getvalue().splitlines())
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "user created",
        "level": "info",
        "request_id": "req_1",
        "directory": "dir_1",
        "status": 201,
    }
    assert "request_id" not in second


def test_a_text_line_is_one_line_whatever_comes() -> None:
    stream = lines("text")
    structlog.get_logger().error("refused", path="/a\nb", client="curl 8", status=400)
    structlog.get_logger().error("for\nged")
    line = stream.getvalue()
    assert line.count("\n") == 2
    assert 'error   refused  path="/a\\nb" client="curl 8" status=400\n' in line
    assert line.endswith('error   "for\\nged"\n')


def test_lines_below_the_level_are_not_written() -> None:
    stream = lines("text", "warning")
    structlog.get_logger().info("quiet")
    logging.getLogger("uvicorn").info("quiet too")
    assert stream.getvalue() == ""


def test_lines_of_libraries_look_like_ours() -> None:
    stream = lines("json")
    with request_bound("req_2"):
        logging.getLogger("uvicorn.error").warning("took %s", "Bearer abc.def")
    line = orjson.loads(stream.getvalue())
    assert (line["event"], line["level"], line["request_id"]) == (
        f"took Bearer {REDACTED}",
        "warning",
        "req_2",
    )


@pytest.mark.parametrize("line_format", ["json", "text"])
def test_a_traceback_is_written_without_secrets(line_format: str) -> None:
    stream = lines(line_format)
    try:
        raise ValueError("cannot connect to postgresql://hall:hunter2@db/hall")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "Authorization",
        "x-api-key",
        "client_secret",
        "accessToken",
        "PASSWORD",
        "set-cookie",
        "APIKey",
    ],
)
def test_a_value_with_a_secret_name_is_not_written(name: str) -> None:
    assert redacted(None, "", {name: "hunter2"}) == {name: REDACTED}
    assert redacted(None, "", {"headers": [{name: "hunter2"}]}) == {"headers": [{name: REDACTED}]}


@pytest.mark.parametrize("name", ["token_id", "key_name", "tokens_count", "keyboard", "monkey", "event", ""])
def test_a_name_that_only_sounds_like_a_secret_is_written(name: str) -> None:
    assert redacted(None, "", {name: "seen"}) == {name: "seen"}


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=20, max_size=40))
def test_a_token_of_ours_is_not_written_in_any_text(secret: str) -> None:
    text = f"refused hw_scim_01ABC_{secret} from 10.0.0.1"
    shown = redacted(None, "", {"event": text})["event"]
    assert shown == f"refused hw_scim_01ABC_{REDACTED} from 10.0.0.1"


def test_other_values_are_written_as_text_and_searched_too() -> None:
    event = redacted(None, "", {"a": ValueError("Bearer abc"), "b": b"raw", "c": None, "d": {1, 2}})
    assert event == {"a": f"Bearer {REDACTED}", "b": REDACTED, "c": None, "d": [1, 2]}


@pytest.mark.parametrize("prefix", ["hw_link_", "hw_invite_", "hw_setup_", "hw_session_", "hw_setup_session_"])
@pytest.mark.parametrize("body", ["A" * 86, "AAAA_" + "b" * 81, "a-_" * 28 + "aa", "_" * 86])
def test_a_secret_that_names_its_owner_is_not_written(prefix: str, body: str) -> None:
    text = f"opened {prefix}{body} from 10.0.0.1"
    shown = redacted(None, "", {"event": text})["event"]
    assert body[-20:] not in shown and shown.startswith("opened hw_") and shown.endswith("from 10.0.0.1")
