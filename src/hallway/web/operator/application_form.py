"""The form of an application: from what was typed to a wish, and from what is kept to what stands in the form.

Rules: each kind is asked for what it can have and for nothing else; keys that are refused are not shown again, since
they may be private ones; what somebody else saved meanwhile is told beside its field, and is not written over unseen.
"""

import hashlib
import json
from dataclasses import replace
from typing import Final

from hallway.hub.applications.model import Addresses, Kind
from hallway.hub.applications.service import Wish, faults
from hallway.web.forms import Form, FormErrors
from hallway.web.language import N_

_LEADS: Final = ("name", "redirect_uris", "post_logout_uris", "logout_uri", "setup_return_uris")
_FIELDS: Final = {
    Kind.WEB: (*_LEADS, "required", "algorithm", "jwks"),
    Kind.PUBLIC: (*_LEADS, "required", "algorithm"),
    Kind.MACHINE: ("name", "scopes", "setup_return_uris", "jwks"),
}
"""What each kind is asked for, in the order of the form."""


def typed_wish(form: Form, was: Wish) -> Wish:
    """`was` with what was typed in the fields of its kind."""
    asked = _FIELDS[was.kind]

    def lines(field: str, kept: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(filter(None, map(str.strip, form[field].splitlines()))) if field in asked else kept

    there = was.addresses
    addresses = Addresses(
        lines("redirect_uris", there.redirect_uris),
        lines("post_logout_uris", there.post_logout_uris),
        form["logout_uri"] if "logout_uri" in asked else there.logout_uri,
        lines("setup_return_uris", there.setup_return_uris),
    )
    return replace(
        was,
        name=form["name"],
        addresses=addresses,
        algorithm=form["algorithm"] if "algorithm" in asked else was.algorithm,
        jwks=form["jwks"] if "jwks" in asked else was.jwks,
        scopes=form.all("scopes") if "scopes" in asked else was.scopes,
        required=form.all("required") if "required" in asked else was.required,
    )


def filled_form(wish: Wish) -> Form:
    """What stands in the form of something that is so."""
    there = wish.addresses
    return Form(
        [
            ("name", wish.name),
            ("redirect_uris", "\n".join(there.redirect_uris)),
            ("post_logout_uris", "\n".join(there.post_logout_uris)),
            ("logout_uri", there.logout_uri),
            ("setup_return_uris", "\n".join(there.setup_return_uris)),
            ("algorithm", wish.algorithm),
            ("jwks", _legible(wish.jwks)),
            *(("scopes", one) for one in wish.scopes),
            *(("required", one) for one in wish.required),
            ("seen", mark(wish)),
        ]
    )


def mark(wish: Wish) -> str:
    """What a form says of the application that it was filled from: two that differ have two marks."""
    return hashlib.sha256(repr(wish).encode()).hexdigest()[:32]


def judged(wish: Wish, in_development: bool) -> FormErrors:
    """What is wrong, each beside its field."""
    errors, found = FormErrors(), faults(wish, in_development)
    for field in filter(found.__contains__, _FIELDS[wish.kind]):
        errors.add(field, found[field].text, **found[field].values)
    return errors


def shown_again(wish: Wish, was: Wish, errors: FormErrors) -> Form:
    """What was typed, to be mended; refused keys make room for those that are kept. Saving it is decided on `was`."""
    kept = replace(wish, jwks=was.jwks) if "jwks" in errors else wish
    pairs = [(name, one) for name, one in _pairs(filled_form(kept)) if name != "seen"]
    return Form([*pairs, ("seen", mark(was))])


def told_apart(wish: Wish, now: Wish) -> FormErrors:
    """That somebody saved meanwhile, and, beside each field that differs, what is saved now."""
    errors = FormErrors()
    errors.add(
        "", N_("Somebody else changed this application while you had this page open. Nothing of yours is saved.")
    )
    mine, saved = filled_form(wish), filled_form(now)
    for field in _FIELDS[now.kind]:
        if mine.all(field) == saved.all(field):
            continue
        if field == "jwks":
            errors.add(field, N_("Other keys are saved now. Save again to put yours in their place."))
            continue
        value = ", ".join(", ".join(saved.all(field)).splitlines())
        errors.add(field, N_("Saved now: %(value)s. Save again to put yours in its place."), value=value or "–")
    return errors


def _pairs(form: Form) -> list[tuple[str, str]]:
    return [(name, value) for name in form for value in form.all(name)]


def _legible(jwks: str) -> str:
    try:
        return json.dumps(json.loads(jwks), indent=1) if jwks else ""
    except ValueError:
        return jwks
