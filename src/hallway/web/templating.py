"""The template environments: one per language, every template compiled when the first page is made."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from markupsafe import Markup

from hallway.web.language import Language, languages

TEMPLATES: Final = Path(__file__).parent / "templates"


class _Compiled(BytecodeCache):
    """What is compiled for one language serves the others."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        code = self._code.get(bucket.key)
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()

    def forget(self) -> None:
        """Every language has what it needs."""
        self._code.clear()


@cache
def environments() -> Mapping[str, Environment]:
    """The environment of each language by its code."""
    compiled = _Compiled()
    made = {language.code: _environment(language, compiled) for language in languages().values()}
    compiled.forget()
    return made


def _environment(language: Language, compiled: BytecodeCache) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=compiled,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    words = language.words
    extension: Any = environment
    extension.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)
    environment.filters |= {
        "host": lambda url: urlsplit(url).hostname or "",
        "translated": lambda message: words.gettext(message) if message else "",
        "number": language.number,
        "instant": lambda at: _time(at, language.instant(at)),
        "day": lambda at: _time(at, language.day(at), "day"),
        "since": pass_context(lambda context, at: _since(context, at, language)),
    }
    for name in environment.list_templates():
        environment.get_template(name)
    return environment


def _since(context: Context, at: int, language: Language) -> Markup:
    now: int = context["now"]
    return _time(at, language.since(at, now), "since", language.instant(at))


def _time(at: int, text: str, shown: str = "minute", title: str = "") -> Markup:
    """A `<time>`, which a script turns to the reader's own zone."""
    seconds = at // 1_000_000
    iso = _iso(seconds)
    return Markup('<time datetime="{}" data-shown="{}"{}>{}</time>').format(
        iso, shown, Markup(' title="{}"').format(title) if title else "", text
    )


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
