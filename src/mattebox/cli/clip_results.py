"""What commands on clips print when a clip is done."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mattebox.cli.console import echo_stderr

if TYPE_CHECKING:
    from mattebox.cli.stored_clips import ClipPlace
    from mattebox.video.clip_enhancement import EnhancementResult
    from mattebox.video.clip_result import ClipResult


def print_clip_result(
    source: ClipPlace, target: ClipPlace, result: ClipResult | EnhancementResult, as_json: bool
) -> None:
    """Print what became of a clip: its notes, and a line of JSON or, on a terminal, of text."""
    path = result.path if isinstance(target, Path) else target
    for note in result.notes:
        click.echo(f"note: {source}: {note}", err=True)
    fields = {**asdict(result), "path": str(path), "notes": list(result.notes)}
    if as_json:
        click.echo(json.dumps({"input": str(source), "output": fields.pop("path"), **fields}))
    elif sys.stderr.isatty():
        rate = result.frames / max(result.seconds, 1e-6)
        confidence = f", confidence {fields['confidence']:.2f}" if "confidence" in fields else ""
        echo_stderr(f"{source} -> {path}  ({result.frames} frames, {rate:.1f} a second{confidence})")
