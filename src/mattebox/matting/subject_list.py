"""What is in a photograph: the things that a network tells apart, or the parts of its matte that hang together.

Knows nothing of how networks run, or of how the listing is shown.
"""

from __future__ import annotations

from typing import NamedTuple

from mattebox.matting.instances import instances
from mattebox.matting.segmentation import on_white, segment
from mattebox.models.instance_masks import Part
from mattebox.models.matte_session import Session
from mattebox.types import Matte, Picture


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
