"""Results of tools that make pictures: the recipe is run, the file written, and told with a small preview."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from mattebox.mcp.folders import AllowedFolders
from mattebox.recipe.recipe import Recipe

MAX_PREVIEW_SIDE = 512
DOUBTFUL_CONFIDENCE = 0.6  # below it a person should look

ToolResult = dict[str, Any]


def text_result(text: str, fields: dict[str, Any] | None = None) -> ToolResult:
    """A result in words, with the same as data."""
    result: ToolResult = {"content": [{"type": "text", "text": text}]}
    return result if fields is None else {**result, "structuredContent": fields}


def run_on_photo(
    recipe: Recipe, photo: str, output: str | None, folders: AllowedFolders, device: str, prefix: str = ""
) -> ToolResult:
    """Run a recipe on a photograph and write the result.

    Parameters
    ----------
    recipe
        What is done.
    photo, output
        Paths of the agent; without an output the result lies beside the photograph.
    folders
        Where both must lie, and every picture that the recipe names.
    device
        Where networks run.
    prefix
        Text before the result's own.

    Raises
    ------
    MatteboxError
        A path is outside of the folders, the result exists already, or as `run_recipe` raises them.
    """
    from mattebox.api.operations import Operation

    _require_models_allowed(recipe, folders)
    source = folders.resolve_input(photo)
    target = folders.resolve_output(output if output is not None else _default_output(photo, recipe))
    outcome = Operation({}, recipe, device=device, open_image=folders.open_image).run(source)
    format_by_suffix = None if output is None or not target.suffix else target.suffix[1:].lower()
    verdict = outcome.save(target, overwrite=False, format=format_by_suffix)
    fields = _outcome_fields(outcome, folders.shorten(target))
    if verdict is not None:
        fields["check"] = {"for": verdict.marketplace, "passed": verdict.passed}
    answer = text_result(prefix + _outcome_text(fields), fields)
    answer["content"].append(_preview(outcome))
    return answer


def _require_models_allowed(recipe: Recipe, folders: AllowedFolders) -> None:
    """Cards of models that a recipe names by path lie in the folders. MatteboxError."""
    for step in recipe.steps:
        for field in ("model", "finder"):
            name = getattr(step, field, "")
            if "/" in name or "\\" in name or name.endswith(".toml"):
                folders.resolve_input(name)


def _default_output(photo: str, recipe: Recipe) -> str:
    from mattebox.io.file_formats import find_format

    path = Path(photo)
    cuts = recipe.cut_step is not None
    suffix = path.suffix
    if recipe.save_step.format != "auto":
        suffix = find_format(recipe.save_step.format).suffixes[0]
    elif cuts or recipe.has_composition:
        suffix = ".png"
    return str(path.with_name(f"{path.stem}-{'cut' if cuts else 'enhanced'}{suffix}"))


def _outcome_fields(outcome: Any, path: str) -> dict[str, Any]:
    width, height = outcome.size
    fields = {"path": path, "width": width, "height": height, "notes": list(outcome.notes)}
    if outcome.matte is not None:
        fields |= {"confidence": round(outcome.confidence, 3), "found": outcome.found, "box": outcome.box}
    return fields


def _outcome_text(fields: dict[str, Any]) -> str:
    """What was made, how sure it is, and what deserves a look."""
    lines = [f"{fields['path']} is written: {fields['width']} x {fields['height']} pixels."]
    if "confidence" in fields:
        advice = "please look at it" if fields["confidence"] < DOUBTFUL_CONFIDENCE or not fields["found"] else "good"
        lines.append(f"Confidence of the cutout: {fields['confidence']:.2f} of 1, {advice}.")
    lines += [f"Note: {note}" for note in fields["notes"]]
    if "check" in fields:
        verdict = "keeps" if fields["check"]["passed"] else "does not keep"
        lines.append(f"It {verdict} the rules of {fields['check']['for']}; the tool `check` lists them.")
    return "\n".join(lines)


def _preview(outcome: Any) -> dict[str, str]:
    """The result, at most 512 pixels wide and high, with its own transparency."""
    from mattebox.core.pillow_conversion import encode_preview

    png = encode_preview(outcome.picture.to_pil(), MAX_PREVIEW_SIDE)
    return {"type": "image", "data": base64.b64encode(png).decode(), "mimeType": "image/png"}
