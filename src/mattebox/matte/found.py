"""What is in a photograph: the things that a network tells apart, or the parts of its matte that hang together.

Knows nothing of how networks run, or of how the listing is shown.
"""

from __future__ import annotations

from typing import NamedTuple

from mattebox.matte.instances import instances
from mattebox.matte.segment import on_white, segment
from mattebox.types import Matte, Picture
from mattebox.zoo.parts import Part
from mattebox.zoo.session import Session


class Found(NamedTuple):
    """The parts, largest first; and the matte they were found in, None where the network tells things apart itself."""

    parts: list[Part]
    matte: Matte | None


def find(picture: Picture, session: Session) -> Found:
    """Each part with its box, share, score (0..1), its class where the network knows classes, and its coarse alpha.

    A network that knows no classes finds subjects apart only where they do not touch. ModelError for one that must be
    told points.
    """
    if session.card.output.labelled:
        return Found(session.parts(on_white(picture)), None)
    matte = segment(picture, session)
    return Found(instances(matte, picture.size) if matte.found else [], matte)
