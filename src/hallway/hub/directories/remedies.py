"""What is to be done about a refusal, and by whom; in the words of the product that sent it.

Rules: a remedy names a place, there or here; where nobody has to act it says so.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from hallway.hub.directories.phrase import Phrase, said
from hallway.hub.directories.providers import Product


class Side(Enum):
    """Who is to act: in the directory product, here, or nobody."""

    THERE = "there"
    HERE = "here"
    NOBODY = "nobody"


_THERE, _HERE, _NOBODY = Side.THERE, Side.HERE, Side.NOBODY

_BY_TYPE: Final[Mapping[str, tuple[Side, str]]] = {
    "uniqueness": (
        _THERE,
        "Somebody here has this name already. In %(product)s, match the two, or rename one of them; "
        "the page of people shows who has it here.",
    ),
    "mutability": (
        _HERE,
        "This directory does not let SCIM change that attribute. Allow it under Settings here, or "
        "stop sending it in %(product)s, at %(mapping)s.",
    ),
    "invalidValue": (
        _THERE,
        "In %(product)s, look at %(mapping)s: the value of that attribute is not what it has to be.",
    ),
    "invalidPath": (
        _THERE,
        "In %(product)s, look at %(mapping)s: it sends an attribute that this directory does not have.",
    ),
    "invalidFilter": (
        _THERE,
        "In %(product)s, look which attribute people are matched by: this directory cannot be asked for it.",
    ),
    "noTarget": (
        _THERE,
        "It changes an element that is not here. In %(product)s, send the whole person or group again.",
    ),
    "invalidSyntax": (
        _THERE,
        "The message is not SCIM as the standard writes it. If the directory is strict, make it "
        "tolerant under Settings here; otherwise %(product)s has to be changed.",
    ),
    "tooMany": (
        _THERE,
        "The question needs every person looked at. In %(product)s, match people by userName or externalId.",
    ),
}
_BY_STATUS: Final[Mapping[int, tuple[Side, str]]] = {
    403: (
        _HERE,
        "The organization's plan does not include this. The page Plan says whom to ask.",
    ),
    404: (
        _THERE,
        "It is about somebody who is not here any more. In %(product)s, at %(people)s, unassign and assign her again.",
    ),
    405: (
        _THERE,
        "There is nothing of this kind here. Look at the base URL in %(product)s.",
    ),
    409: (
        _THERE,
        "It does not fit what is here. In %(product)s, try again.",
    ),
    412: (
        _NOBODY,
        "Somebody else changed it first. Nothing to do: %(product)s reads it again.",
    ),
    413: (
        _THERE,
        "The message is too long. In %(product)s, send fewer people at once.",
    ),
    415: (
        _THERE,
        "The message has the wrong type. In %(product)s, choose SCIM 2.0 and JSON.",
    ),
    429: (
        _NOBODY,
        "Too many requests at once. Nothing to do: %(product)s waits and tries again.",
    ),
    501: (
        _THERE,
        "This is not served. In %(product)s, switch it off.",
    ),
    503: (
        _HERE,
        "The directory took no writes then. If it is switched off, switch it on under Settings; "
        "otherwise there is nothing to do: %(product)s tries again.",
    ),
}
_OTHERWISE: Final = (_THERE, "In %(product)s, look at what it sends: %(mapping)s.")
_OURS: Final = (_HERE, "This is our fault. Tell support the number of this exchange.")


def remedy_of(status: int, scim_type: object, product: Product) -> tuple[Side, Phrase]:
    """Who is to act, and how."""
    side, text = _BY_TYPE.get(str(scim_type)) or _BY_STATUS.get(status) or (_OURS if status >= 500 else _OTHERWISE)
    return side, said(text, product=product.name, mapping=product.mapping, people=product.people)


TEXTS: Final = tuple(text for _, text in (*_BY_TYPE.values(), *_BY_STATUS.values(), _OTHERWISE, _OURS))
"""Every sentence, for the catalogues."""
