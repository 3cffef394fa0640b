"""Plans the jobs of a manifest: a CSV file, or object in a store, with a column `input` and optionally `output`.

Columns such as `--background` hold settings of their rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mattebox.batch.plan import BatchFailure, BatchJob, OutputNaming, check_all_jobs, output_paths
from mattebox.batch.row_settings import check_columns, row_recipe, setting_columns, unmarked_settings
from mattebox.batch.store_plan import RELATIVE_ROOT, place_in_store
from mattebox.errors import InputError, InputMissing, MatteboxError, UsageError
from mattebox.io.input_items import InputItem, find_input_fault
from mattebox.io.manifest import ManifestEntry, read_manifest
from mattebox.io.store_address import is_output_address, is_store_address, parse_store_address
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.recipe.recipe import Recipe


def plan_from_manifest(
    manifest: str | Path,
    naming: OutputNaming,
    on_note: Callable[[str], None] | None = None,
    recipe: Recipe | None = None,
) -> list[BatchJob | BatchFailure]:
    """Plan the jobs of a manifest, whose names are relative to its folder.

    Parameters
    ----------
    manifest : str or Path
        A file, or an address in a store: see `io.manifest.read_manifest`.
    naming : OutputNaming
        For rows without an output.
    on_note : callable, optional
        Told of columns that are named like settings and hold none, as they lack the dashes.
    recipe : Recipe, optional
        The batch's recipe, which rows may change; None where rows cannot have settings.

    Returns
    -------
    list of BatchJob or BatchFailure
        One for each row; a failure for each whose input is missing, whose output must not be written or leads out of
        the folder, or whose settings do not hold.

    Raises
    ------
    UsageError
        When the file cannot be read, a column is no setting of a row, or several pictures would go to one file.
    """
    content = read_manifest(manifest)
    rows, columns = content.entries, setting_columns(content.other_columns)
    _check_settings(str(manifest), columns, recipe)
    ignored = unmarked_settings(content.other_columns)
    if ignored and on_note is not None:
        on_note(f"{manifest}: not read: {', '.join(ignored)}; a column --{ignored[0]} would hold for each row")
    store = parse_store_address(naming.output) if naming.output and is_output_address(naming.output) else None
    if naming.output is None and is_store_address(str(manifest)):
        raise UsageError(f"{manifest}: its results need a place", "give a folder or prefix with -o")
    if store is not None:
        naming = replace(naming, output=RELATIVE_ROOT)
    planned = iter(output_paths([_manifest_item(r) for r in rows if r.input and not r.output], naming))
    folder = Path(naming.output) if naming.output else Path(manifest).parent
    entries: list[BatchJob | BatchFailure] = []
    for row in rows:
        target = folder / row.output if row.output else next(planned) if row.input else None
        fault: InputError | UsageError | None = _find_row_fault(row, folder)
        own_recipe = None
        if fault is None and recipe is not None:
            try:
                own_recipe = _row_recipe(row, columns, recipe, Path(manifest).parent)
            except MatteboxError as error:
                fault = UsageError(f"{row.place}: {error.problem}", error.remedy)
        job = BatchJob(row.input, target, naming.resume, url=row.url, recipe=own_recipe)
        entries.append(job if fault is None else BatchFailure(str(row.url or row.input or row.place), fault))
    if store is not None:
        entries = [place_in_store(e, store) if isinstance(e, BatchJob) else e for e in entries]
    _check_outputs(entries, rows)
    return check_all_jobs(entries, naming)


def _check_outputs(entries: Sequence[BatchJob | BatchFailure], rows: Sequence[ManifestEntry]) -> None:
    """UsageError for two rows with one output."""
    places: dict[str, str] = {}
    for entry, row in zip(entries, rows, strict=True):
        if isinstance(entry, BatchJob) and (name := os.path.normcase(str(entry.target))):
            if name in places:
                raise UsageError(
                    f"{row.place}: becomes {entry.target}, as {places[name].rpartition(', ')[2]} does",
                    "give each row a name of its own in the column `output`",
                )
            places[name] = row.place


def _check_settings(manifest: str, columns: list[str], recipe: Recipe | None) -> None:
    """UsageError for columns that are no settings of rows, or where rows cannot have any."""
    if columns and recipe is None:
        raise UsageError(
            f"{manifest}: settings of rows ({', '.join(columns)}) are for batches of this machine alone",
            "leave out --server, --on and --share, or make a list for each setting",
        )
    try:
        check_columns(columns)
    except UsageError as error:
        raise UsageError(f"{manifest}: {error.problem}", error.remedy) from error


def _row_recipe(row: ManifestEntry, columns: list[str], recipe: Recipe, folder: Path) -> Recipe | None:
    """The recipe of a row that has settings of its own, checked. MatteboxError."""
    own_recipe = row_recipe(recipe, {name: row.other_cells.get(name, "") for name in columns}, folder)
    if own_recipe is not None:
        check_recipe(own_recipe)
    return own_recipe


def _manifest_item(row: ManifestEntry) -> InputItem:
    """The input of a row; its results mirror the path in the manifest, without leading out of their folder."""
    assert row.input is not None
    written = Path(parse_store_address(row.url).key if row.url else row.written_input)
    parts = [part for part in written.parts if part not in ("..", written.anchor)]
    return InputItem(row.input, Path(*parts), url=row.url)


def _find_row_fault(row: ManifestEntry, folder: Path) -> InputError | UsageError | None:
    """Why a row cannot become a job."""
    if row.input is None:
        return InputMissing(f"{row.place}: has no input", "name a photograph in the column `input`")
    if row.output and not _stays_inside(row.output, folder):
        return UsageError(
            f"{row.place}: the output {row.output!r} leads out of the folder {folder}",
            "leave .. out of it, or give that folder with -o",
        )
    fault = None if row.url else find_input_fault(row.input)
    return None if fault is None else InputMissing(f"{row.place}: {fault.problem}", fault.remedy)


def _stays_inside(name: str, folder: Path) -> bool:
    """Whether a name below a folder stays there."""
    if ".." in Path(name).parts:
        return False
    root = os.path.abspath(folder)
    return not os.path.isabs(name) or os.path.commonpath([root, os.path.normpath(name)]) == root
