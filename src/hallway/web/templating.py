"""The templates: one environment for every language, compiled when the first page is made.

Rules: which language is spoken is known while a page is rendered, and nothing of a template is worked out before: an
imported template says no words outside its macros.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from hallway.web.language import Language

TEMPLATES: Final = Path(__file__).parent / "templates"


_SPOKEN: Final[ContextVar[Language]] = ContextVar("language of the page that is rendered")


def render(template: str, language: Language, context: Mapping[str, Any]) -> str:
    """A page, or a part of one, in a language."""
    token = _SPOKEN.set(language)
    try:
        return environment().get_template(template).render(context)
    finally:
        _SPOKEN.reset(token)


@cache
def environment() -> Environment:
    """The templates, all of them compiled."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    extension: Any = made
    extension.install_gettext_callables(
        lambda message: _SPOKEN.get().words.gettext(message),
        lambda one, many, number: _SPOKEN.get().words.ngettext(one, many, number),
        newstyle=True,
    )
    made.filters["host"] = lambda url: urlsplit(url).hostname or ""
    # What differs by language takes the context, so that nothing of it is worked out when a template is compiled.
    made.filters |= {
        "translated": pass_context(lambda _, text: _SPOKEN.get().words.gettext(text) if text else ""),
        "number": pass_context(lambda _, value: _SPOKEN.get().number(value)),
        "instant": pass_context(lambda _, at: _time(at, _SPOKEN.get().instant(at))),
        "day": pass_context(lambda _, at: _time(at, _SPOKEN.get().day(at), "day")),
        "since": pass_context(lambda context, at: _since(context, at, _SPOKEN.get())),
    }
    for name in made.list_templates():
        made.get_template(name)
    return made


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
