"""What a photograph needs, or that a picture is none, but flat artwork."""

from __future__ import annotations

from dataclasses import replace

from mattebox.enhancement.photo_report import PhotoReport, analyse_photo
from mattebox.matting.flat_artwork import detect_artwork
from mattebox.types import Picture


def analyse_picture(picture: Picture) -> PhotoReport:
    """Measure a photograph and suggest steps; of flat artwork say so, and suggest none: they are for photographs."""
    report, backdrop = analyse_photo(picture), detect_artwork(picture)
    if backdrop is None:
        return report
    finding = f"flat artwork on {backdrop.hex}: a cut removes this colour, and corrections for photographs do not apply"
    return replace(report, findings=(finding,), steps=())
