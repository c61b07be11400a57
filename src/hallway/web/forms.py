"""What a person typed into a form, and what is wrong with it.

Rules: a form has limits, and no character that no store can keep; what was typed comes back with the errors, but
secrets never do; an error says in the words of the label what to write.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from hallway.web.http import EdgeProblem, MalformedRequest, Request
from hallway.web.language import Language

LIMIT_BYTES: Final = 64 * 1024
_MOST_FIELDS: Final = 500
_TYPE: Final = "application/x-www-form-urlencoded"


class Form(Mapping[str, str]):
    """The fields of a form; one that did not come is ""."""

    __slots__ = ("_fields",)

    def __init__(self, pairs: list[tuple[str, str]] | None = None) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in pairs or ():
            self._fields.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> str:
        return self.line(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def line(self, name: str) -> str:
        """A line without the blanks around it; of several fields by this name the first."""
        return self.exact(name).strip()

    def exact(self, name: str) -> str:
        """What was typed to the letter: for passwords."""
        values = self._fields.get(name)
        return values[0] if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value by this name, as boxes that are ticked send them."""
        return tuple(self._fields.get(name, ()))

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return name in self._fields


async def read_form(request: Request, limit_bytes: int = LIMIT_BYTES) -> Form:
    """The form of a request. Raises `MalformedRequest`, `BodyTooLarge`, and `EdgeProblem` for another type."""
    kind = request.header(b"content-type").partition(";")[0].strip().lower()
    if kind not in ("", _TYPE):
        raise EdgeProblem(415, f"A form is sent as {_TYPE}.")
    body = await request.body(limit_bytes)
    return form_of(body)


def form_of(body: bytes) -> Form:
    """The fields of a body."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise MalformedRequest("The form cannot be read: it is not UTF-8, or has too many fields.") from None
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise MalformedRequest("A field of the form has a NUL character.")
    return Form(pairs)


class FormErrors:
    """The errors of a form by field, in the order in which they were found; false while there is none."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, dict[str, object]]] = {}

    def add(self, field: str, sentence: str, **values: object) -> None:
        """Note an error; the first one of a field stands. `sentence` is a message (`N_`), its values beside it."""
        self._found.setdefault(field, (sentence, values))

    def __bool__(self) -> bool:
        return bool(self._found)

    def __contains__(self, field: str) -> bool:
        return field in self._found

    def said(self, language: Language) -> dict[str, str]:
        """The sentences by field."""
        return {field: language.text(sentence, **values) for field, (sentence, values) in self._found.items()}
