"""When the mattes in a photograph's file help a network's matte, and what the user is told of it."""

from __future__ import annotations

from mattebox.core.interface import name_parameter
from mattebox.matting.matte_prior import SKY, PriorUse, apply_prior, crop_mattes
from mattebox.models.matte_session import Session
from mattebox.recipe.steps import Cut
from mattebox.types import Box, Matte, Picture


def use_file_mattes(
    picture: Picture, region: Box | None, matte: Matte, step: Cut, session: Session
) -> tuple[Matte, tuple[str, ...], bool]:
    """Use the mattes of a picture's file.

    Parameters
    ----------
    picture : Picture
        The whole photograph, with the mattes of its file.
    region : Box or None
        The part that `matte` covers; None = all of it.
    matte : Matte
        The network's.
    step : Cut
        Who picks one of several subjects, and a network that was told what to look for, mean more than a file knows.

    Returns
    -------
    matte : Matte
    notes : tuple of str
        What was done, for the user.
    is_used : bool
        Whether the file's people decide the outline.
    """
    if not picture.mattes or step.file_matte == "none" or step.pick != "all" or session.card.output.is_specific:
        return matte, (), False
    use = apply_prior(matte, crop_mattes(picture.mattes, region, picture.shape))
    note = _describe(use, matte.found, SKY in picture.mattes)
    return use.matte, (note,) if note else (), use.is_used


def _describe(use: PriorUse, network_found: bool, has_sky: bool) -> str:
    """What the file's mattes did; "" for nothing."""
    other = name_parameter("file_matte", "none")
    if not use.is_used:
        if use.agreement > 0:
            only = name_parameter("file_matte", "only")
            return f"the file's portrait matte shows another subject than was found, and was left out; {only} takes it"
        return f"what the file's matte says is sky was left out; {other} leaves that to the network" * has_sky
    if not network_found:
        return f"cut by the file's portrait matte, as the network was in doubt; {other} leaves it out"
    added = f" and adds {use.added_share:.0%}" if use.added_share >= 0.005 else ""
    return (
        f"the file's portrait matte decides the outline: the network agrees on {use.agreement:.0%} of it{added}; "
        f"{other} leaves it out"
    )
