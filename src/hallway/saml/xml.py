"""From octets to a tree that is safe to canonicalise.

Rules: the octets are judged before they are parsed, the tree before anything is computed from it. No DTD, comment,
processing instruction or CDATA, no encoding but UTF-8; every bound lies far above what real messages have and far
below what costs time. Canonicalisation is exclusive, without comments.
"""

import binascii
import re
from collections.abc import Sequence
from functools import cache
from typing import Final, TypeAlias

from lxml import etree

from hallway.saml.problem import SamlProblem

Element: TypeAlias = etree._Element

MAX_BYTES: Final = 256 * 1024
MAX_ELEMENTS: Final = 5_000
MAX_DEPTH: Final = 32
MAX_ATTRIBUTES: Final = 64
MAX_DECLARATIONS: Final = 32
MAX_TEXT: Final = 64 * 1024
MAX_PREFIXES: Final = 16

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

_BOM: Final = b"\xef\xbb\xbf"
_DECLARATION: Final = re.compile(
    rb"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:\"1\.0\"|'1\.0')"
    rb"(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:\"(?i:utf-8)\"|'(?i:utf-8)'))?"
    rb"(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:\"(?:yes|no)\"|'(?:yes|no)'))?[ \t\r\n]*\?>"
)
_SPACE: Final = b" \t\r\n"
_TOO_DEEP: Final = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
_MARKUP: Final = re.compile(rb"<[!?]")
_PARSER: Final = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    attribute_defaults=False,
    dtd_validation=False,
    huge_tree=False,
    recover=False,
    remove_blank_text=False,
    remove_comments=False,
    remove_pis=False,
    strip_cdata=False,
    collect_ids=False,
)


@cache
def named(namespace: str, name: str) -> str:
    """A qualified name as lxml writes it."""
    return f"{{{namespace}}}{name}"


def decoded_base64(text: bytes, most_bytes: int = MAX_BYTES) -> bytes:
    """The octets of strict base64; white space in it is ignored. Raises `SamlProblem`.

    The size is judged before anything is decoded.
    """
    if len(text) > most_bytes * 3 // 2:
        raise SamlProblem("too_large", f"at most {most_bytes} bytes")
    packed = text.translate(None, _SPACE)
    if len(packed) % 4:
        raise SamlProblem("not_base64")
    try:
        return binascii.a2b_base64(packed, strict_mode=True)
    except binascii.Error:
        raise SamlProblem("not_base64") from None


def parsed(octets: bytes, most_bytes: int = MAX_BYTES) -> Element:
    """The root of a message whose octets and shape are within the profile. Raises `SamlProblem`."""
    body = _gated(octets, most_bytes)
    if body.count(b"<") > 2 * MAX_ELEMENTS:
        raise SamlProblem("out_of_bounds", f"at most {MAX_ELEMENTS} elements")
    root = _tree(body)
    _bound(root, body)
    return root


def parsed_again(octets: bytes) -> Element:
    """The root of what was made canonical out of a tree that was bounded: it is no larger, and needs no second look."""
    if _MARKUP.search(octets) is not None:
        raise SamlProblem("forbidden_markup", "no DTD, comment, processing instruction or CDATA")
    return _tree(octets)


def _gated(octets: bytes, most_bytes: int) -> bytes:
    """The octets without byte order mark and XML declaration, once no forbidden markup is in them."""
    if len(octets) > most_bytes:
        raise SamlProblem("too_large", f"at most {most_bytes} bytes", f"{len(octets)} bytes")
    body = octets.removeprefix(_BOM)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SamlProblem("not_utf8", "UTF-8", f"an octet that is none at {error.start}") from None
    declaration = _DECLARATION.match(body)
    if declaration is not None:
        body = body[declaration.end() :]
    if _MARKUP.search(body) is not None or b"\x00" in body:
        raise SamlProblem("forbidden_markup", "no DTD, comment, processing instruction or CDATA")
    return body


def _tree(body: bytes) -> Element:
    try:
        return etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SamlProblem("not_xml", "well-formed XML", str(error)) from None


def _bound(root: Element, octets: bytes) -> None:
    """Refuse a tree that is too large in any direction, has an ID twice, or an ID in a namespace.

    No text is longer, and no element declares more, than there is in all octets: most messages need no look at each.
    """
    ids: set[str] = set()
    for number, node in enumerate(root.iter(), 1):
        if number > MAX_ELEMENTS:
            raise SamlProblem("out_of_bounds", f"at most {MAX_ELEMENTS} elements")
        names: list[str] = node.keys()  # type: ignore[assignment]  # names are text, whatever the stubs say
        if len(names) > MAX_ATTRIBUTES:
            raise SamlProblem("out_of_bounds", f"at most {MAX_ATTRIBUTES} attributes", f"{len(names)}")
        for name in names:
            if name[-1] in "dD" and name[-2:].lower() == "id":
                _judge_id(node, name, ids)
    if _TOO_DEEP(root):
        raise SamlProblem("out_of_bounds", f"at most {MAX_DEPTH} elements in each other")
    if len(octets) > MAX_TEXT:
        _bound_texts(root)
    if octets.count(b"xmlns") > MAX_DECLARATIONS:
        _bound_declarations(root)


def _judge_id(node: Element, name: str, ids: set[str]) -> None:
    """Keep an ID; `name` may be that of another attribute that ends like one."""
    local = name.rpartition("}")[2]
    if len(local) != 2:
        return
    if local != name:
        raise SamlProblem("wrong_shape", "IDs without a namespace", name)
    value = node.get(name, "")
    if value in ids:
        raise SamlProblem("duplicate_id", "each ID once", value)
    ids.add(value)


def _bound_texts(root: Element) -> None:
    for node in root.iter():
        for text in (node.text, node.tail, *node.values()):
            if text is not None and len(text) > MAX_TEXT:
                raise SamlProblem("out_of_bounds", f"at most {MAX_TEXT} characters in one place")


def _bound_declarations(root: Element) -> None:
    declarations = 0
    for event, _ in etree.iterwalk(root, events=("start", "start-ns")):
        declarations = declarations + 1 if event == "start-ns" else 0
        if declarations > MAX_DECLARATIONS:
            raise SamlProblem("out_of_bounds", f"at most {MAX_DECLARATIONS} namespaces in one element")


def canonical(element: Element, prefixes: Sequence[str] = ()) -> bytes:
    """Exclusive canonical XML of an element, without comments (xml-exc-c14n §4). Raises `SamlProblem`."""
    try:
        octets = etree.tostring(
            element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=list(prefixes) or None
        )
    except (etree.C14NError, ValueError) as error:
        raise SamlProblem("wrong_shape", "XML that has a canonical form", str(error)) from None
    if not octets:
        raise SamlProblem("wrong_shape", "XML that has a canonical form", "nothing")
    return octets


def children(element: Element, namespace: str, name: str) -> list[Element]:
    """The direct children of one name."""
    return list(element.iterchildren(named(namespace, name)))


def only_text(element: Element) -> str:
    """The text of an element that holds nothing else; "" for an empty one. Raises `SamlProblem`."""
    if len(element):
        raise SamlProblem("wrong_shape", f"only text in {element.tag}", "elements")
    return element.text or ""
