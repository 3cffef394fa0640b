"""Selection of one of several subjects: by size, by position or by class.

Networks that detect instances are asked for the selected ones (`select_instances`); of any other matte the selected
subject is kept, as `subject_separation` tells them apart (`keep_selected_subject`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mattebox.core.connected_components import Component
from mattebox.core.interface import choose_wording, list_models, name_parameter
from mattebox.core.suggestions import suggest_name
from mattebox.errors import UsageError
from mattebox.matting.geodesic_distance import geodesic_distances, neighbour_costs
from mattebox.matting.geodesic_features import geodesic_features
from mattebox.matting.matte_operations import as_floats
from mattebox.matting.scribbles import ANY_SIZE, Scribble, parse_scribbles
from mattebox.matting.subject_separation import separate_subjects
from mattebox.models.cards.card import Card
from mattebox.models.instance_masks import Instance
from mattebox.types import Box, ImageShape, Mask, Matte, Picture

MIN_SUBJECT_ALPHA = 0.5  # alpha of an instance above which a position selects it


@dataclass(frozen=True)
class Selection:
    """Which subject to keep: all, the largest, that of a `rank` by size (1 = largest), at a `position`, or of some
    `classes`. `text` is what the user wrote."""

    text: str
    kind: Literal["all", "largest", "rank", "position", "classes"]
    rank: int = 1
    position: Scribble | None = None
    classes: tuple[str, ...] = ()

    def to_crop(self, box: Box, size: ImageShape) -> Selection:
        """The selection in the coordinates of a crop of a picture of that (height, width). UsageError when its position
        lies outside."""
        return replace(self, position=self.position and self.position.to_crop(box, size))


SELECT_ALL = Selection("all", "all")


def parse_selection(text: str, size: ImageShape = ANY_SIZE) -> Selection:
    """Parse a selection.

    Parameters
    ----------
    text : str
        "all", "largest", a rank such as "2", a position "X,Y" in pixels or percent, or classes such as "person+dog".
    size : ImageShape
        The picture's (height, width), for a position.

    Returns
    -------
    Selection
        The selection; its classes are not checked (see `check_selected_classes`).

    Raises
    ------
    UsageError
        When the text makes no sense, or the position lies outside the picture.
    """
    if "," in text:
        return Selection(text, "position", position=parse_scribbles(text, size)[0])
    if text == "all":
        return SELECT_ALL
    if text == "largest":
        return Selection(text, "largest")
    if re.fullmatch(r"[1-9]\d*", text):
        return Selection(text, "rank", rank=int(text))
    if re.fullmatch(r"[^\W\d][^,]*", text):
        return Selection(text, "classes", classes=tuple(text.split("+")))
    raise UsageError(
        f"{text!r} picks nothing", "give all, largest, a number by size such as 2, a point X,Y, or a class"
    )


def check_selected_classes(selection: Selection, card: Card | None) -> None:
    """UsageError when the selection names a class that the model does not know; None stands for no model."""
    if selection.kind != "classes":
        return
    if card is None:
        raise UsageError(
            f"only a network can recognise {selection.text}",
            f"leave out {name_parameter('by')}, or pick by number or place",
        )
    known = card.output.classes
    for name in selection.classes:
        if not known:
            raise UsageError(
                f"model {card.name} knows no classes such as {name}", f"choose one that does ({list_models()})"
            )
        if name not in known:
            command = f"`mattebox models show {card.name.partition('@')[0]}` lists its classes"
            listing = choose_wording(command_line=command, python=command, http="choose another class")
            raise UsageError(f"model {card.name} does not know {name}", suggest_name(name, known) or listing)


def select_instances(instances: Sequence[Instance], selection: Selection, card: Card) -> list[Instance]:
    """Select some of the instances that a network detected.

    Parameters
    ----------
    instances : sequence of Instance
        Largest first.
    selection : Selection
        A position selects the smallest instance under it: what lies on a table, not the table.
    card : Card
        The network's card; "largest" is the largest of the classes that it names as subjects.

    Returns
    -------
    list of Instance
        Empty when there is no instance of the selected classes.

    Raises
    ------
    UsageError
        When there is nothing at the position or of that rank, or the network does not know a class.
    """
    if selection.kind == "all":
        return list(instances)
    if selection.position is not None:
        under = [i for i in instances if _covers(i, selection.position)]
        if not under:
            raise UsageError(f"there is nothing under {selection.text}", listing_remedy())
        return under[-1:]
    if selection.kind == "largest":
        subject = card.output.subject
        return [i for i in instances if not subject or i.label in subject][:1]
    if selection.kind == "rank":
        _check_rank(selection, len(instances))
        return [instances[selection.rank - 1]]
    check_selected_classes(selection, card)
    return [i for i in instances if i.label in selection.classes]


def keep_selected_subject(picture: Picture, matte: Matte, selection: Selection) -> Matte:
    """Keep the selected subject of a matte, with its soft edge.

    Parameters
    ----------
    picture : Picture
        The picture that the matte belongs to, by whose colours subjects that touch are separated.
    matte : Matte
        Matte at any resolution, with a subject.
    selection : Selection
        By size or position; a matte has no classes.

    Returns
    -------
    Matte
        0 where another subject is closer.

    Raises
    ------
    UsageError
        When there is no subject at the position or of that rank.
    """
    if selection.kind == "all":
        return matte
    features = geodesic_features(picture, as_floats(matte.alpha))
    labels, components = separate_subjects(matte.alpha > matte.bit_depth.peak // 2, features)
    selected = np.isin(labels, _selected_labels(labels, components, selection))
    others = (labels > 0) & ~selected
    zeros = np.zeros(matte.shape)
    uniform = neighbour_costs(np.zeros((*matte.shape, 1), np.float32), zeros, zeros, 1.0)
    is_closer = geodesic_distances(selected, uniform) <= geodesic_distances(others, uniform)
    return matte.with_alpha(np.where(is_closer, matte.alpha, np.zeros((), matte.alpha.dtype)))


def _selected_labels(labels: np.ndarray, components: Sequence[Component], selection: Selection) -> list[int]:
    """Labels of the selected components."""
    if selection.position is None:
        _check_rank(selection, len(components))
        return [selection.rank]
    under = [int(n) for n in np.unique(labels[selection.position.seed_mask((labels.shape[0], labels.shape[1]))]) if n]
    if not under:
        raise UsageError(f"there is no subject under {selection.text}", listing_remedy())
    return under


def listing_remedy() -> str:
    """Where the subjects that can be picked are listed."""
    return choose_wording(
        command_line="`mattebox find` lists the subjects and their boxes",
        python="`mattebox.find` lists the subjects and their boxes",
        http="choose another position or number",
    )


def _check_rank(selection: Selection, count: int) -> None:
    if selection.rank > count:
        raise UsageError(f"there is no subject {selection.text}, only {count}", listing_remedy())


def _covers(instance: Instance, position: Scribble) -> bool:
    """Whether the instance has a pixel under the position."""
    mask: Mask = instance.alpha > MIN_SUBJECT_ALPHA
    return bool(mask[position.seed_mask((mask.shape[0], mask.shape[1]))].any())
