"""One line for each thing that happened, with the id of its request, and without secrets.

Rules: a value whose name says that it is a secret is never written, and neither is a token of ours, a bearer
token or the password of an address inside any text; lines go to standard error, never to standard output,
which belongs to the answers of commands.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

REDACTED = "[redacted]"

_SECRET_WORDS = frozenset(
    {"authorization", "cookie", "cookies", "key", "keys", "password", "passwords", "secret", "secrets"}
    | {"token", "tokens", "credential", "credentials"}
)
_NAMES_ONLY = frozenset({"id", "ids", "name", "hint", "count"})
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_IN_TEXT = (
    # What names its owner and row in one piece with its secret: links, invitations, sessions.
    (re.compile(r"\b(hw_(?!scim_)[a-z]+_)[A-Za-z0-9_-]{43,}"), rf"\1{REDACTED}"),
    (re.compile(r"\b(hw_[a-z]+_[A-Za-z0-9]+_)[A-Za-z0-9_-]+"), rf"\1{REDACTED}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+"), rf"\1 {REDACTED}"),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{REDACTED}@"),
)


def set_up_logs(level: str, line_format: str, stream: TextIO | None = None) -> None:
    """Send the lines of Hallway and of the libraries to `stream`, as `text` or `json`."""
    renderer: Processor = _text_renderer() if line_format == "text" else _json_renderer()
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[Processor] = [structlog.processors.format_exc_info, redacted, renderer]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *after],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def request_bound(request_id: str) -> AbstractContextManager[None]:
    """While the context lasts, every line of this task carries `request_id`."""
    return structlog.contextvars.bound_contextvars(request_id=request_id)


def redacted(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The event without secrets, however deep they lie."""
    return {name: REDACTED if _is_secret(name) else _without_secrets(value) for name, value in event.items()}


def _without_secrets(value: object) -> object:
    match value:
        case str():
            for pattern, replacement in _IN_TEXT:
                value = pattern.sub(replacement, value)
            return value
        case bytes():
            return REDACTED
        case Mapping():
            return {name: REDACTED if _is_secret(str(name)) else _without_secrets(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_without_secrets(item) for item in value]
        case bool() | int() | float() | None:
            return value
        case _:
            return _without_secrets(str(value))


def _is_secret(name: str) -> bool:
    """Whether a name calls its value a secret: `x-api-key`, `client_secret`, `accessToken`; not `token_id`."""
    words = [word.lower() for word in _WORD.findall(name)]
    return bool(words) and words[-1] not in _NAMES_ONLY and not _SECRET_WORDS.isdisjoint(words)


def _json_renderer() -> Processor:
    def render(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        return orjson.dumps(event, default=str).decode()

    return render


def _text_renderer() -> Processor:
    def render(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        head = [event.pop(name, "") for name in ("timestamp", "level", "event")]
        traceback = event.pop("exception", None)
        rest = " ".join(f"{name}={_one_line(value, ' ')}" for name, value in event.items())
        line = f"{head[0]} {head[1]:<8}{_one_line(head[2])}" + (f"  {rest}" if rest else "")
        return line if traceback is None else f"{line}\n{traceback}"

    return render


def _one_line(value: object, separator: str = "\n") -> str:
    """The value as text, quoted where it could be taken for more than one: a stranger cannot forge a line."""
    text = str(value)
    return text if text.isprintable() and separator not in text else orjson.dumps(text).decode()
