"""What streams of security events are given, over an open Hub."""

import os

from hallway.hub.events.polling import Poller
from hallway.hub.events.streams import StreamDesk
from hallway.hub.events.tokens import KeySigner, TokenMaker
from hallway.web.wiring import Hub, clock, signing


def stream_desk(hub: Hub) -> StreamDesk:
    """What streams that are polled need."""
    return StreamDesk(hub.stores.database, hub.stores.streams, hub.stores.feed, clock, os.urandom)


def token_maker(hub: Hub) -> TokenMaker:
    """What makes tokens of entries."""
    return TokenMaker(hub.teller, KeySigner(signing(hub)), hub.settings.base_url, clock)


def poller(hub: Hub) -> Poller:
    """What answers whoever polls a stream."""
    return Poller(hub.stores.streams, hub.stores.feed, token_maker(hub), hub.placed, clock)
