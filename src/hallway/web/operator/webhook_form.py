"""The form of a webhook: what was typed, read into a wish or told what is wrong, and what can be ticked.

Rules: nothing ticked is an error and not "everything"; types that the API gave a webhook stay in the form as they are.
"""

from collections.abc import Callable, Mapping
from typing import Final

from hallway.delivery.model import Endpoint
from hallway.hub.events.model import TOLD_TYPES
from hallway.hub.webhooks.service import Wish
from hallway.web.console.settings.event_words import GROUPS
from hallway.web.forms import Form, FormErrors
from hallway.web.language import N_, Language

EVERYTHING: Final = "*"
AREAS: Final[Mapping[str, str]] = {
    f"{area}.*": GROUPS[area] for area in dict.fromkeys(kind.partition(".")[0] for kind in TOLD_TYPES)
}
"""Patterns that can be ticked, with their words."""
WRONG: Final[Mapping[str, str]] = {
    "": N_("Enter the address that events are posted to, beginning with https://"),
    "not_https": N_("Enter an address that begins with https://; http is taken for hosts that outbound_allow names"),
    "wrong_address": N_(
        "Enter an address on the internet, without a password in it; a host of your own network is to be named in "
        "outbound_allow"
    ),
}
"""What to write instead, by what is wrong with an address."""


def options(language: Language, own: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    """What can be ticked: value, words, and the pattern; `own` are those of the webhook so far."""
    listed = [(EVERYTHING, language.text(N_("Everything")), language.text(N_("also what is added in later versions")))]
    listed += [(one, language.text(words), one) for one, words in AREAS.items()]
    return listed + [(one, one, language.text(N_("this type alone"))) for one in own if one not in AREAS]


def as_typed(endpoint: Endpoint) -> Form:
    """The form of a webhook as it is."""
    ticked = [("type", one) for one in endpoint.types or (EVERYTHING,)]
    return Form([("url", endpoint.url), ("name", endpoint.name), *ticked])


def read_wish(form: Form, errors: FormErrors, wrong: Callable[[str], str | None], own: tuple[str, ...] = ()) -> Wish:
    """What was asked for; what is wrong with it stands in `errors`."""
    why = wrong(form["url"]) if form["url"] else ""
    if why is not None:
        errors.add("url", WRONG.get(why, WRONG["wrong_address"]))
    ticked = form.all("type")
    if not ticked:
        errors.add("type", N_("Tick everything, or at least one kind of event"))
    elif EVERYTHING in ticked and len(ticked) > 1:
        errors.add("type", N_("Tick either everything or single kinds of events"))
    elif not set(ticked) <= {EVERYTHING, *AREAS, *own}:
        errors.add("type", N_("Tick kinds of events that stand here"))
    return Wish(form["url"], () if EVERYTHING in ticked else ticked, form["name"])
