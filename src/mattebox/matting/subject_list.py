"""List of the subjects in a picture: instances that a network detects, or separate pieces of its matte, or of that of
flat artwork."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mattebox.core.flatten import flatten_on_white
from mattebox.io import resampling
from mattebox.matting import small_subject_search
from mattebox.matting.artwork_keying import compute_artwork_matte
from mattebox.matting.confidence import expected_iou
from mattebox.matting.flat_artwork import Backdrop, detect_artwork
from mattebox.matting.geodesic_features import geodesic_features
from mattebox.matting.matte_operations import as_floats
from mattebox.matting.segmentation import segment
from mattebox.matting.subject_separation import separate_subjects
from mattebox.models.instance_decoders import MIN_INSTANCE_SHARE
from mattebox.models.instance_masks import Instance
from mattebox.models.matte_session import Session
from mattebox.types import Matte, Picture

MAX_LISTED_SIDE_PIXELS = 1024  # of a keyed matte, at full size, that is reduced to list its pieces


class SubjectList(NamedTuple):
    """Instances, largest first, the matte they were separated from (None when the network detects instances), and what
    flat artwork lies on (None for photographs)."""

    instances: list[Instance]
    matte: Matte | None
    backdrop: Backdrop | None = None


def list_subjects(picture: Picture, session: Session) -> SubjectList:
    """List the subjects in a picture.

    Parameters
    ----------
    picture : Picture
        Any size and bit depth.
    session : Session
        The network. Of one that knows no classes the pieces of its matte are listed, doubtful ones too; those that
        touch are separated by shape and colour (see `separate_subjects`). Flat artwork is keyed, as a cut keys it.

    Returns
    -------
    SubjectList
        Each instance with its box, score (0..1), class (or "") and coarse alpha.

    Raises
    ------
    UsageError
        When the network must be prompted by points.
    """
    if session.card.output.has_classes:
        return SubjectList(session.predict_instances(flatten_on_white(picture)), None)
    backdrop = None if session.card.output.is_specific else detect_artwork(picture)
    if backdrop is not None:
        matte = _reduce_matte(compute_artwork_matte(picture, backdrop))
        return SubjectList(split_into_instances(matte, picture), matte, backdrop)
    matte = small_subject_search.find_matte(picture, segment(picture, session), session)
    return SubjectList(split_into_instances(matte, picture), matte)


def split_into_instances(matte: Matte, picture: Picture) -> list[Instance]:
    """Split a matte into its separate pieces.

    Parameters
    ----------
    matte : Matte
        Coarse matte.
    picture : Picture
        Its picture, to whose pixels the boxes refer.

    Returns
    -------
    list of Instance
        Largest first, without a class. The score is the expected IoU of the piece alone; the alpha is the matte
        without the other pieces.
    """
    alpha = as_floats(matte.alpha)
    labels, components = separate_subjects(alpha > 0.5, geodesic_features(picture, alpha))
    y_scale, x_scale = picture.shape[0] / alpha.shape[0], picture.shape[1] / alpha.shape[1]
    instances = []
    for label, component in enumerate(components, start=1):
        if component.area >= MIN_INSTANCE_SHARE * alpha.size:
            left, top, right, bottom = component.box
            box = (round(left * x_scale), round(top * y_scale), round(right * x_scale), round(bottom * y_scale))
            own_alpha = np.where((labels == label) | (labels == 0), alpha, np.float32(0))
            instances.append(Instance("", expected_iou(own_alpha[top:bottom, left:right]), box, own_alpha))
    return instances


def _reduce_matte(matte: Matte) -> Matte:
    """The matte in whole blocks of pixels, 8 bits, with at most so many along its longer side."""
    factor = -(-max(matte.alpha.shape) // MAX_LISTED_SIDE_PIXELS)
    if factor == 1:
        return matte
    left, top, right, bottom = matte.box
    box = (left // factor, top // factor, -(-right // factor), -(-bottom // factor))
    return replace(matte, alpha=resampling.average_blocks(matte.alpha, factor), box=box)
