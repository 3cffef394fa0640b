"""What is in a photograph: the things that a network tells apart, or the parts of its matte that hang together.

Knows nothing of how networks run, or of how the listing is shown.
"""

from __future__ import annotations

from typing import NamedTuple

from mattebox.matting.instances import split_into_instances
from mattebox.matting.segmentation import flatten_on_white, segment
from mattebox.models.instance_masks import Instance
from mattebox.models.matte_session import Session
from mattebox.types import Matte, Picture


class SubjectList(NamedTuple):
    """The parts, largest first; and the matte they were found in, None where the network tells things apart itself."""

    instances: list[Instance]
    matte: Matte | None


def list_subjects(picture: Picture, session: Session) -> SubjectList:
    """Each part with its box, share, score (0..1), its class where the network knows classes, and its coarse alpha.

    A network that knows no classes finds subjects apart only where they do not touch. ModelError for one that must be
    told points.
    """
    if session.card.output.has_classes:
        return SubjectList(session.predict_instances(flatten_on_white(picture)), None)
    matte = segment(picture, session)
    return SubjectList(split_into_instances(matte, picture.shape) if matte.found else [], matte)
