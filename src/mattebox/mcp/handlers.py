"""What the tools do: arguments and context -> result. All raise MatteboxError."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from mattebox.errors import UsageError
from mattebox.mcp.folders import AllowedFolders
from mattebox.mcp.picture_results import ToolResult, run_on_photo, text_result
from mattebox.recipe.recipe import Recipe

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class ToolContext:
    """What all tools share: the folders that they may use, and where networks run."""

    folders: AllowedFolders
    device: str = "auto"


def _parameters(arguments: Arguments) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in ("photo", "output", "preset")}


def call_cut(arguments: Arguments, context: ToolContext) -> ToolResult:
    """Cut a photograph out, by a preset or parameters."""
    from mattebox.recipe.flat_parameters import build_recipe
    from mattebox.recipe.presets import find_preset, require_kind

    preset = arguments.get("preset")
    base = require_kind(find_preset(preset), must_cut=True) if preset else None
    return _run(build_recipe(_parameters(arguments), base), arguments, context)


def call_enhance(arguments: Arguments, context: ToolContext) -> ToolResult:
    """Enhance a photograph: by parameters, or as the preset `enhance` does."""
    from mattebox.recipe.flat_parameters import build_recipe
    from mattebox.recipe.presets import enhance_base_recipe

    parameters = _parameters(arguments)
    return _run(build_recipe(parameters, enhance_base_recipe(parameters)), arguments, context)


def call_upscale(arguments: Arguments, context: ToolContext) -> ToolResult:
    """Enlarge a photograph."""
    from mattebox.recipe.flat_parameters import build_recipe
    from mattebox.recipe.steps import Save

    return _run(build_recipe(_parameters(arguments), Recipe((Save(),))), arguments, context)


def _run(recipe: Recipe, arguments: Arguments, context: ToolContext, prefix: str = "") -> ToolResult:
    return run_on_photo(
        recipe, arguments["photo"], arguments.get("output"), context.folders, context.device, prefix=prefix
    )


def call_run_recipe(arguments: Arguments, context: ToolContext) -> ToolResult:
    """Run a whole recipe."""
    from mattebox.recipe.serialization import parse_recipe

    try:
        recipe = parse_recipe(arguments["recipe"])
    except msgspec.ValidationError as error:
        raise UsageError(f"the recipe is not valid: {error}", "see the schema of `recipe`") from error
    return _run(recipe, arguments, context)


def call_find(arguments: Arguments, context: ToolContext) -> ToolResult:
    """List the subjects of a photograph."""
    from mattebox.api import find

    photo = context.folders.resolve_input(arguments["photo"])
    model = arguments.get("model", "balanced")
    if "/" in model or "\\" in model or model.endswith(".toml"):
        model = str(context.folders.resolve_input(model))
    subjects = [
        {
            "number": number,
            "box": list(s.box),
            "share": round(s.area_share, 4),
            "score": round(s.score, 3),
            "label": s.label,
        }
        for number, s in enumerate(find(photo, model=model, device=context.device), 1)
    ]
    lines = [
        f"{s['number']}: box {s['box']}, {s['share']:.1%} of the picture, score {s['score']:.2f}" for s in subjects
    ]
    return text_result("\n".join(lines) or "nothing stands out", {"subjects": subjects})


def call_check(arguments: Arguments, context: ToolContext) -> ToolResult:
    """Check a picture against the rules of a marketplace."""
    from mattebox.api import check

    photo = context.folders.resolve_input(arguments["photo"])
    report = check(photo, arguments["marketplace"])
    rules = [
        {"rule": f.rule, "passed": f.passed, "measured": f.measured, "wanted": f.wanted, "remedy": f.remedy}
        for f in report.findings
    ]
    lines = [f"It {'passes' if report.passed else 'does not pass'} for {report.marketplace}."]
    lines += [f"{f['rule']}: {f['measured']}; wanted: {f['wanted']}; {f['remedy']}" for f in rules if not f["passed"]]
    return text_result("\n".join(lines), {"passed": report.passed, "rules": rules})


def call_say(arguments: Arguments, context: ToolContext) -> ToolResult:
    """Do what is said in words; or answer by a question, or, without a photograph, by the plan."""
    from mattebox.language.errors import AmbiguousWords
    from mattebox.language.plan import plan_request

    try:
        plan = plan_request(arguments["request"])
    except AmbiguousWords as error:
        choices = [error.resolve(arguments["request"], choice) for choice in error.choices]
        question = {"words": error.words, "ask": error.question, "choices": choices}
        lines = [f'"{error.words}": {error.question} Call again with one of:', *(f"- {choice}" for choice in choices)]
        return text_result("\n".join(lines), {"question": question})
    readings = [f"{r.text}: {', '.join(f'{n}={v}' for n, v in r.values.items()) or r.area}" for r in plan.readings]
    corrections = [f'"{written}" was read as "{read}"' for written, read in plan.corrections.items()]
    passed_over = [f'"{written}" was passed over' for written in plan.passed_over]
    told = "\n".join([*readings, *corrections, *passed_over])
    if arguments.get("dry_run") or "photo" not in arguments:
        return text_result(told, {"recipe": msgspec.to_builtins(plan.recipe)})
    return _run(plan.recipe, arguments, context, prefix=f"{told}\n")
