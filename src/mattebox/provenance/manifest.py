"""The definition of a manifest (C2PA 2.2): who made the claim, from what, by which actions, models and recipe."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from mattebox._version import __version__
from mattebox.provenance.actions import BACKGROUND_LABEL, Action, NewBackground
from mattebox.provenance.source_types import SourceType

PARENT_LABEL = "parent"
RECIPE_ASSERTION = "mattebox.recipe"
SOFT_BINDING_ASSERTION = "c2pa.soft-binding"
WATERMARK_ALGORITHM = "mattebox.dct-qim.1"
SOFTWARE_AGENT = {"name": "mattebox", "version": __version__}


@dataclass(frozen=True)
class ModelUse:
    """A network that the recipe ran: the name of its card, and the hash of its weights by which it is known."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Ingredient:
    """A picture that went into the result.

    Attributes
    ----------
    label : str
        By which actions refer to it.
    title : str
        The name of its file, without a folder.
    mime_type : str
        Of `content`.
    content : bytes, binary file object or None
        The encoded file, whose own manifest is chained; None for a picture that was in memory.
    is_parent : bool
        Whether it is the photograph itself, and not a part such as a background.
    """

    label: str
    title: str
    mime_type: str
    content: bytes | BinaryIO | None
    is_parent: bool = True

    def definition(self) -> dict[str, str]:
        """As the library takes it."""
        relationship = "parentOf" if self.is_parent else "componentOf"
        return {"title": self.title, "format": self.mime_type, "relationship": relationship, "label": self.label}


@dataclass(frozen=True)
class ManifestFacts:
    """What a manifest says.

    Attributes
    ----------
    title : str
        Name of the result.
    actions : sequence of Action
        What was done, without the opening.
    ingredients : sequence of Ingredient
        The photograph first.
    models : sequence of ModelUse
        The networks that ran.
    recipe : dict
        The recipe, without folders of the files that it names.
    created_at : datetime
        When the actions were taken, with a time zone.
    watermark : str
        The identifier in the pixels, which is bound to the manifest; or "".
    """

    title: str
    actions: Sequence[Action]
    ingredients: Sequence[Ingredient]
    models: Sequence[ModelUse]
    recipe: dict[str, Any]
    created_at: datetime
    watermark: str = ""


def background_ingredient(background: NewBackground, mime_type: str) -> Ingredient:
    """The picture behind the subject as an ingredient."""
    return Ingredient(BACKGROUND_LABEL, background.name, mime_type, background.content, is_parent=False)


def build_manifest(facts: ManifestFacts) -> dict[str, Any]:
    """The manifest's definition for the library's builder: JSON data, without the ingredients' bytes."""
    when = facts.created_at.isoformat(timespec="seconds")
    opened = {"action": "c2pa.opened", "when": when, "parameters": {"ingredientIds": [PARENT_LABEL]}}
    actions = [opened, *(_action_definition(action, when) for action in facts.actions)]
    definition: dict[str, Any] = {
        "claim_generator_info": [SOFTWARE_AGENT],
        "title": facts.title,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}, *_own_assertions(facts)],
    }
    in_memory = [ingredient.definition() for ingredient in facts.ingredients if ingredient.content is None]
    return definition | ({"ingredients": in_memory} if in_memory else {})


def _own_assertions(facts: ManifestFacts) -> Iterator[dict[str, Any]]:
    data = {
        "mattebox": __version__,
        "models": [{"name": model.name, "sha256": model.sha256} for model in facts.models],
        "recipe": json.dumps(facts.recipe, ensure_ascii=False, separators=(",", ":")),
    }
    yield {"label": RECIPE_ASSERTION, "data": data}
    if facts.watermark:
        block = {"scope": {}, "value": facts.watermark}
        yield {"label": SOFT_BINDING_ASSERTION, "data": {"alg": WATERMARK_ALGORITHM, "blocks": [block]}}


def _action_definition(action: Action, when: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {"description": action.description}
    if action.ingredient:
        parameters["ingredientIds"] = [action.ingredient]
    return {
        "action": action.name,
        "when": when,
        "softwareAgent": SOFTWARE_AGENT,
        "digitalSourceType": action.source_type.uri,
        "parameters": parameters,
    }


def stated_source_types(actions: Sequence[Action]) -> list[SourceType]:
    """The source types of the actions, in order."""
    return [action.source_type for action in actions]
