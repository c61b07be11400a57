"""Genuine messages, changed: by octets, by tokens, and as trees, as a seed says.

The seed decides what is changed and where. The keys, and so the values of signatures, are new in each run.
"""

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lxml import etree

from tests.saml.sender import DS, SAML, SAMLP, XENC, Login, assertion_of, message
from tests.saml.vendors import SHAPES, response

Element = Any
EVIL = "root@acme.example"
PLACES = (
    "Assertion",
    "Subject",
    "NameID",
    "SubjectConfirmation",
    "Conditions",
    "AudienceRestriction",
    "AttributeStatement",
    "Attribute",
    "AttributeValue",
    "AuthnStatement",
    "Signature",
    "SignedInfo",
    "Reference",
    "DigestValue",
    "SignatureValue",
    "KeyInfo",
    "Status",
    "Issuer",
)
TOKENS = tuple(
    token.encode()
    for token in (
        *(f"<saml:{name}>" for name in PLACES[:10]),
        *(f"</saml:{name}>" for name in PLACES[:10]),
        "<!-- -->",
        "<!---->",
        "<?x?>",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE r>",
        "&#10;",
        "&#x2e;",
        "&amp;",
        "&lt;",
        f"<saml:NameID>{EVIL}</saml:NameID>",
        EVIL,
        "ada@acme.example",
        f' xmlns="{SAML}"',
        f' xmlns:saml="{SAMLP}"',
        ' xmlns=""',
        ' xmlns:x="relative"',
        ' ID="_assertion1"',
        ' Id="_assertion1"',
        ' xml:id="_assertion1"',
        f'<ds:Object xmlns:ds="{DS}">',
        "</ds:Object>",
        f'<ds:Signature xmlns:ds="{DS}"/>',
        f'<xenc:EncryptedData xmlns:xenc="{XENC}"/>',
        "\x00",
        "\ufeff",
        "\u200b",
        "\t",
        "=",
        "A",
    )
)


def genuine() -> list[tuple[str, bytes, str]]:
    """Name, octets and issuer of what is changed: our own messages, and every vendor's shape."""
    own = [(sign, message(Login(session_ends=None), sign=sign), "") for sign in ("assertion", "response", "both")]
    return own + [(name, response(shape), shape.issuer) for name, shape in SHAPES.items()]


def mutants(octets: bytes, seed: str, count: int) -> Iterator[bytes]:
    """So many changed messages, each once or twice over."""
    chance = random.Random(seed)
    declaration = octets[: octets.index(b"?>") + 2] if octets.startswith(b"<?xml") else b""
    made = 0
    while made < count:
        changed = octets
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            change = chance.choice(CHANGES)
            if change in OF_TREES:
                try:
                    root = etree.fromstring(changed)
                except (etree.XMLSyntaxError, ValueError):
                    break
                change(root, chance)
                changed = declaration + etree.tostring(root)
            else:
                changed = change(changed, chance)
        if changed != octets:
            made += 1
            yield changed


def _replaced(octets: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(octets))
    return octets[:at] + bytes((chance.randrange(256),)) + octets[at + 1 :]


def _flipped(octets: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(octets))
    return octets[:at] + bytes((octets[at] ^ (1 << chance.randrange(8)),)) + octets[at + 1 :]


def _cut(octets: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(octets))
    return octets[:at] + octets[at + chance.choice((1, 1, 2, 5, 40, 400)) :]


def _doubled(octets: bytes, chance: random.Random) -> bytes:
    at, more = chance.randrange(len(octets)), chance.choice((1, 2, 10, 80, 600))
    return octets[: at + more] + octets[at:]


def _token(octets: bytes, chance: random.Random) -> bytes:
    edges = [at for at, octet in enumerate(octets) if octet in b"<> @"]
    at = chance.choice(edges) + chance.randrange(2)
    return octets[:at] + chance.choice(TOKENS) + octets[at:]


def _other_name(octets: bytes, chance: random.Random) -> bytes:
    """Another person, or a part of the name, wherever it stands or in one place."""
    name = b"ada" if chance.random() < 0.5 else b"acme.example"
    other = chance.choice((b"root", b"eve", b"ada.", b"ADA", b"acme.example.evil.net", b"&#97;da", b"a<x/>da"))
    return octets.replace(name, other, chance.choice((1, 2, -1)))


def _element(root: Element, chance: random.Random, names: Sequence[str] = PLACES) -> Element | None:
    found = [one for one in root.iter("*") if etree.QName(one).localname in names and one is not root]
    return chance.choice(found) if found else None


def _moved(root: Element, chance: random.Random) -> None:
    one, into = _element(root, chance), chance.choice(list(root.iter("*")))
    if one is not None and one not in (into, *into.iterancestors()):
        into.insert(chance.randrange(len(into) + 1), one)


def _copied(root: Element, chance: random.Random) -> None:
    one, into = _element(root, chance), chance.choice(list(root.iter("*")))
    if one is not None:
        twin = copy.deepcopy(one)
        if chance.random() < 0.5:
            _make_evil(twin)
        if chance.random() < 0.5 and twin.get("ID"):
            twin.set("ID", "_evil")
        if chance.random() < 0.5:
            for signature in list(twin.iter(f"{{{DS}}}Signature")):
                if signature is not twin:
                    signature.getparent().remove(signature)
        into.insert(chance.randrange(len(into) + 1), twin)


def _make_evil(element: Element) -> None:
    for name in element.iter(f"{{{SAML}}}NameID", f"{{{SAML}}}AttributeValue"):
        name.text = EVIL


def _removed(root: Element, chance: random.Random) -> None:
    one = _element(root, chance)
    if one is not None:
        one.getparent().remove(one)


def _renamed(root: Element, chance: random.Random) -> None:
    one = _element(root, chance)
    if one is not None:
        space = chance.choice((SAML, SAMLP, DS, "urn:x"))
        one.tag = f"{{{space}}}{chance.choice(PLACES)}"


def _attribute(root: Element, chance: random.Random) -> None:
    holders = [one for one in root.iter("*") if one.attrib]
    one = chance.choice(holders)
    name = chance.choice(list(one.attrib))
    kind = chance.randrange(4)
    if kind == 0:
        del one.attrib[name]
    elif kind == 1:
        other = chance.choice(holders)
        one.set(name, other.get(chance.choice(list(other.attrib))))
    elif kind == 2:
        one.set(chance.choice(("ID", "Id", "id", f"{{{SAMLP}}}ID", "URI")), one.attrib.pop(name))
    else:
        one.set(name, one.get(name) + chance.choice((" ", "/", "#", "x", "\u200b")))


def _text(root: Element, chance: random.Random) -> None:
    one, other = chance.choice(list(root.iter("*"))), chance.choice(list(root.iter("*")))
    kind = chance.randrange(4)
    if kind == 0:
        one.text, other.text = other.text, one.text
    elif kind == 1:
        one.text = EVIL
    elif kind == 2:
        one.tail = chance.choice(("x", " ", "\n"))
    else:
        one.text = f" {one.text or ''}"


def _wrapped(root: Element, chance: random.Random) -> None:
    """Wrapping as the catalogue does it, into any place: the genuine assertion is kept somewhere, an evil one shown."""
    one = assertion_of(root)
    if one is None:
        return
    evil = copy.deepcopy(one)
    _make_evil(evil)
    if chance.random() < 0.7:
        evil.set("ID", chance.choice(("_evil", root.get("ID") or "_x")))
    for signature in evil.findall(f"{{{DS}}}Signature"):
        if chance.random() < 0.7:
            evil.remove(signature)
    at = root.index(one)
    if chance.random() < 0.5:
        root.remove(one)
        keeper = chance.choice([*evil.iter("*"), *root.iter("*")])
        keeper.insert(chance.randrange(len(keeper) + 1), one)
    root.insert(min(len(root), at + chance.randrange(2)), evil)


OF_OCTETS: tuple[Callable[..., Any], ...] = (_replaced, _flipped, _cut, _doubled, _token, _token, _other_name)
OF_TREES: tuple[Callable[..., Any], ...] = (
    _moved,
    _copied,
    _copied,
    _removed,
    _renamed,
    _attribute,
    _text,
    _wrapped,
    _wrapped,
)
CHANGES = OF_OCTETS + OF_TREES
