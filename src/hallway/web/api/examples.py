"""An example of a document or a body, made of the examples that its fields have.

Rules: every field has an example, a default, or a type that is its own example; a test says which one has none.
"""

import types
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any

import msgspec
from msgspec import Meta, Struct, UnsetType


class NoExample(Exception):
    """A field has none; the text says which."""


def example_of(kind: type[Struct]) -> dict[str, Any]:
    """The document as JSON values; fields that may be left out are there too."""
    hints = typing.get_type_hints(kind, include_extras=True)
    config = kind.__struct_config__
    tag = {} if config.tag_field is None else {config.tag_field: config.tag}
    return tag | {field.encode_name: _value(hints[field.name], kind, field) for field in msgspec.structs.fields(kind)}


def _value(hint: Any, kind: type[Struct], field: Any) -> Any:
    found = next(_examples(hint), None)
    if found is not None:
        return found.value
    if field.default is not msgspec.NODEFAULT and not isinstance(field.default, UnsetType):
        return msgspec.to_builtins(field.default)
    raise NoExample(f"{kind.__name__}.{field.name}")


class _Found(typing.NamedTuple):
    value: Any


def _examples(hint: Any) -> Iterator[_Found]:
    """What stands for a type: an example beside it, or what can be made of it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        for meta in arguments[1:]:
            if isinstance(meta, Meta) and meta.examples:
                yield _Found(meta.examples[0])
        yield from _examples(arguments[0])
    elif origin in (typing.Union, types.UnionType):
        for argument in arguments:
            if argument not in (type(None), UnsetType):
                yield from _examples(argument)
    elif origin in (list, tuple):
        yield from (_Found([one.value]) for one in _examples(arguments[0]))
    elif isinstance(hint, type) and issubclass(hint, Enum):
        yield _Found(next(iter(hint)).value)
    elif isinstance(hint, type) and issubclass(hint, Struct):
        yield _Found(example_of(hint))
    elif hint is bool:
        yield _Found(True)
