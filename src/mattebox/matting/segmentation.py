"""Segmentation: the coarse matte of the subject, at the network's resolution, with its confidence."""

from __future__ import annotations

from dataclasses import replace

from mattebox.core.flatten import flatten_on_white
from mattebox.matting.confidence import build_scored_matte
from mattebox.matting.matte_cleanup import clean_up_matte
from mattebox.matting.tta import plan_views, predict_with_views
from mattebox.models.matte_session import Session
from mattebox.types import Matte, Picture


def segment(picture: Picture, session: Session, votes: int = 0) -> Matte:
    """Compute the coarse matte of a picture's subject.

    Parameters
    ----------
    picture : Picture
        Any size and bit depth. Where it is partly transparent, the network sees it on white.
    session : Session
        The network.
    votes : int
        Number of views for test-time augmentation (mirrored, at other scales); 0 for as many as the model's card says.

    Returns
    -------
    Matte
        Alpha uint16 of the whole picture at the network's resolution (see `refine` for full size), with confidence,
        `found`, box, and with two views or more the `uncertainty`.

    Raises
    ------
    UsageError
        When the network cannot have so many views, or must be prompted by points.

    Examples
    --------
    >>> import mattebox as mb
    >>> matte = mb.segment(mb.read("photo.jpg"), mb.Session.open("balanced"))  # doctest: +SKIP
    >>> matte.confidence, matte.box  # doctest: +SKIP
    """
    prediction = predict_with_views(flatten_on_white(picture), session, votes)
    matte = build_scored_matte(prediction.alpha, session.card.calibration, prediction.presence)
    if len(plan_views(session.card, votes)) > 1:
        matte = replace(matte, uncertainty=prediction.uncertainty)
    return clean_up_matte(matte) if matte.found else matte
