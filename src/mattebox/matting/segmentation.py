"""Where is the subject? The network's answer, at the network's own resolution, with its confidence.

Knows nothing of files, of full-resolution edges or of how the network runs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mattebox.matting.confidence import build_scored_matte
from mattebox.matting.matte_cleanup import clean_up_matte
from mattebox.matting.test_time_augmentation import plan_views, predict_with_views
from mattebox.models.matte_session import Session
from mattebox.types import Matte, Picture


def segment(picture: Picture, session: Session, votes: int = 0) -> Matte:
    """A coarse matte: uint16 alpha of the whole picture at the network's resolution (see `refine` for full size).

    With two `votes` or more (0 = as many as the model's card says) it is the mean of so many looks, and has their
    `uncertainty`. A picture that is itself
    partly transparent is seen as on white, and nothing hidden becomes subject. UsageError for too many votes.
    """
    seen = predict_with_views(flatten_on_white(picture), session, votes)
    matte = build_scored_matte(seen.alpha, session.card.calibration, seen.presence)
    if len(plan_views(session.card, votes)) > 1:
        matte = replace(matte, uncertainty=seen.uncertainty)
    return clean_up_matte(matte) if matte.found else matte


def flatten_on_white(picture: Picture) -> Picture:
    """The picture flattened onto white; itself when it is opaque."""
    if picture.alpha is None or picture.alpha.min() == picture.bit_depth.peak:
        return picture
    peak = picture.bit_depth.peak
    alpha = picture.alpha[..., None].astype(np.uint32)
    rgb = (picture.rgb * alpha + peak * (peak - alpha) + peak // 2) // peak
    return picture.with_pixels(rgb.astype(picture.rgb.dtype), None)
