"""What a SCIM request was refused for (RFC 7644 §3.12, RFC 9865 §4)."""

from typing import Final

SCIM_TYPES: Final = frozenset(
    {
        "invalidFilter",
        "tooMany",
        "uniqueness",
        "mutability",
        "invalidSyntax",
        "invalidPath",
        "noTarget",
        "invalidValue",
        "invalidVers",
        "sensitive",
        "invalidCursor",
        "expiredCursor",
        "invalidCount",
    }
)
"""Every `scimType` that we send. `docs/reference/problems.md` has a heading for each."""


class ScimProblem(Exception):
    """The client's request cannot be done; changes nothing.

    `detail` is one or two calm sentences for the reader of the client's log: what was expected, what came,
    and never a value of a `returned: never` attribute.
    """

    def __init__(self, status: int, detail: str, scim_type: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type


def invalid_value(detail: str) -> ScimProblem:
    """400 `invalidValue`: a value is missing, or not of its attribute's type."""
    return ScimProblem(400, detail, "invalidValue")


def invalid_syntax(detail: str) -> ScimProblem:
    """400 `invalidSyntax`: the body is not the message it should be."""
    return ScimProblem(400, detail, "invalidSyntax")


def invalid_filter(detail: str) -> ScimProblem:
    """400 `invalidFilter` (RFC 7644 §3.4.2.2)."""
    return ScimProblem(400, detail, "invalidFilter")


def invalid_path(detail: str) -> ScimProblem:
    """400 `invalidPath`: a PATCH path that does not parse or names no attribute (RFC 7644 §3.5.2)."""
    return ScimProblem(400, detail, "invalidPath")


def no_target(detail: str) -> ScimProblem:
    """400 `noTarget`: a PATCH path whose filter matches nothing (RFC 7644 §3.5.2)."""
    return ScimProblem(400, detail, "noTarget")


def mutability(detail: str) -> ScimProblem:
    """400 `mutability`: a read-only or already set immutable attribute was to be changed."""
    return ScimProblem(400, detail, "mutability")


def uniqueness(detail: str) -> ScimProblem:
    """409 `uniqueness` (RFC 7644 §3.3)."""
    return ScimProblem(409, detail, "uniqueness")
