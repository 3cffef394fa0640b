"""Types that fields of steps share, and their flat names: those of flags, keyword arguments and form fields."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta

Percent = Annotated[int, Meta(ge=0, le=100)]
SignedPercent = Annotated[int, Meta(ge=-100, le=100)]
Area = Annotated[
    Literal["all", "subject", "background", "near", "far"],
    Meta(description="where: all, subject, background, or what is near or far by the photograph's depth"),
]
CssColour = Annotated[str, Meta(description="its colour")]
DEPTH_AREAS = ("near", "far")
AREAS: tuple[str, ...] = get_args(get_args(Area)[0])
Effort = Literal["quick", "best"]

FLAT_NAME, SWITCH_VALUE, SWITCH_HELP = "flat_name", "switch_value", "switch_help"  # keys of Meta.extra


def flat(name: str) -> Meta:
    """A flat name other than the field's own."""
    return Meta(extra={FLAT_NAME: name})


def switch(name: str, value: str, help: str) -> Meta:
    """A flat name that is a switch: on, the field has this value; off, its default."""
    return Meta(extra={FLAT_NAME: name, SWITCH_VALUE: value, SWITCH_HELP: help})
