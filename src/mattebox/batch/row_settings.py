"""Settings of single rows of a manifest: columns named like options, with their dashes, such as `--background`.

A column without dashes never is a setting: lists of products have columns `size`, `label` or `margin` of their own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import base_type, build_recipe, parameters_by_name
from mattebox.recipe.recipe import Recipe

OPTION_MARK = "--"
NUMBER_TYPES: dict[type, type] = {msgspec.inspect.IntType: int, msgspec.inspect.FloatType: float}
YES = ("yes", "true", "1", "x", "on", "ja", "wahr")  # spreadsheets write their own language's
NO = ("no", "false", "0", "off", "nein", "falsch")
WHOLE_BATCH_OPTIONS = {
    "model": "all rows use one network: give --model for the whole batch",
    "format": "name the outputs with the suffix that you want, such as mug.jpg",
    **dict.fromkeys(
        ("sign", "preset", "recipe", "metadata", "keep_hidden", "overwrite", "name", "report", "resume", "review",
         "sheet", "compare", "jobs", "device", "threads", "server", "on", "share", "watch", "recursive", "fetch"),
        "give it for the whole batch",
    ),
}  # fmt: skip


def setting_columns(names: Iterable[str]) -> list[str]:
    """The columns that hold settings."""
    return [name for name in names if name.startswith(OPTION_MARK)]


def unmarked_settings(names: Iterable[str]) -> list[str]:
    """The columns that are named like settings, but without dashes."""
    return [name for name in dict.fromkeys(names) if name.replace("-", "_") in parameters_by_name()]


def check_columns(columns: Iterable[str]) -> None:
    """UsageError for a column that is no option, one of the whole batch, or there twice."""
    columns = list(columns)
    for column in columns:
        if columns.count(column) > 1:
            raise UsageError(f"there are several columns {column}", "leave one")
        name = _parameter_name(column)
        if name in WHOLE_BATCH_OPTIONS:
            raise UsageError(f"{column} cannot be a column", WHOLE_BATCH_OPTIONS[name])
        if name not in parameters_by_name():
            build_recipe({name: ""})  # names the nearest ones


def row_recipe(base: Recipe, cells: Mapping[str, str], folder: Path = Path()) -> Recipe | None:
    """The recipe of a row.

    Parameters
    ----------
    base
        The recipe of the batch.
    cells
        What the row says, by column; the batch's own value holds where it says nothing.
    folder
        The manifest's, in which pictures are looked for that rows name, and then where the command runs.

    Returns
    -------
    Recipe or None
        None where the row says nothing.

    Raises
    ------
    UsageError
        A value is none that its option takes, or it would need another network.
    """
    values = {_parameter_name(column): cell.strip() for column, cell in cells.items() if cell.strip()}
    if not values:
        return None
    recipe = build_recipe({name: _parse_cell(name, cell, folder) for name, cell in values.items()}, base)
    if recipe.required_model != base.required_model:
        raise UsageError("its settings need a cutout, which this command does not make", "use mattebox cut")
    return recipe


def _parameter_name(column: str) -> str:
    return column.removeprefix(OPTION_MARK).replace("-", "_")


def _parse_cell(name: str, cell: str, folder: Path) -> Any:
    """A cell's value: numbers, texts and files by the kind of their option, yes and no for switches."""
    parameter = parameters_by_name()[name]
    if parameter.switch_value is None:
        if Path(cell).suffix and (folder / cell).is_file():
            return str(folder / cell)
        number_type = NUMBER_TYPES.get(type(base_type(parameter)), str)
        with contextlib.suppress(ValueError):  # the recipe then says what it should be
            return number_type(cell)
        return cell
    if cell.lower() not in (*YES, *NO):
        raise UsageError(f"{OPTION_MARK}{name.replace('_', '-')} {cell!r} is neither yes nor no", "write yes or no")
    return cell.lower() in YES
