"""`find`, `analyse`, `check` and `verify`: what is in a photograph, what it needs, who takes it, and who made it."""

from __future__ import annotations

import os

from mattebox.api.parameters import NameOrPath, PictureSource
from mattebox.api.sources import is_image, load_picture
from mattebox.composition.marketplace.compliance import ComplianceReport
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.enhancement.photo_report import PhotoReport
from mattebox.io.sources import read_bytes, source_display_name
from mattebox.matting import subject_list
from mattebox.models.instance_masks import Instance
from mattebox.models.matte_session import Session
from mattebox.pipeline import marketplace_check
from mattebox.pipeline.file_verification import verify_file
from mattebox.pipeline.photo_analysis import analyse_picture
from mattebox.pipeline.result import Result
from mattebox.provenance.verification import ProvenanceReport


def find(
    source: PictureSource,
    *,
    model: NameOrPath = "balanced",
    device: str = "auto",
    threads: int | None = None,
    session: Session | None = None,
    max_pixels: int = MAX_INPUT_PIXELS,
) -> list[Instance]:
    """List the subjects of a photograph, largest first, numbered from 1 as `cut(pick=...)` numbers them.

    The parameters are as for `cut`.

    Returns
    -------
    list of Instance
        Each with its `box` (left, top, right, bottom in pixels), `area_share` (of the picture), `score` (0 to 1),
        `alpha` (h x w float32, 0 to 1, coarse) and `label` (its class, where the model has classes).

    Examples
    --------
        for subject in mb.find("group.jpg"):
            print(subject.box, subject.area_share, subject.score)
        mb.cut("group.jpg", pick=2)
    """
    picture = load_picture(source, max_pixels)
    return subject_list.list_subjects(picture, session or Session.open(os.fspath(model), device, threads)).instances


def analyse(source: PictureSource, *, max_pixels: int = MAX_INPUT_PIXELS) -> PhotoReport:
    """Measure a photograph's light, colours, sharpness and noise, and suggest what to do about them.

    Parameters
    ----------
    source, max_pixels
        As for `cut`.

    Returns
    -------
    PhotoReport
        With `statistics`, `findings` in words, and a `recipe` that does what is suggested, or None. Of flat artwork,
        which is no photograph, one finding says that it is.

    Examples
    --------
        report = mb.analyse("photo.jpg")
        print(*report.findings, sep="\\n")
        if report.recipe:
            better = mb.run(mb.read("photo.jpg"), report.recipe)
    """
    return analyse_picture(load_picture(source, max_pixels))


def check(source: PictureSource | Result, marketplace: str, *, max_pixels: int = MAX_INPUT_PIXELS) -> ComplianceReport:
    """Check a picture against the rules of a marketplace.

    Parameters
    ----------
    source : path, bytes, binary file object, Result, Picture, PIL.Image.Image or NumPy array
        The file as it will be uploaded. Of a picture in memory, or a result of `cut`, all is checked but the rules for
        files: their format and size.
    marketplace : str
        amazon, ebay, etsy, google, shopify, walmart or zalando.
    max_pixels : int
        As for `cut`.

    Returns
    -------
    ComplianceReport
        With `passed`, and `findings`: each rule with the measured and the required value and a remedy.

    Raises
    ------
    UsageError, InputError

    Examples
    --------
        report = mb.check("mug-amazon.jpg", "amazon")
        print(report.passed, report)
    """
    if isinstance(source, Result):
        return marketplace_check.check_picture(source.picture, marketplace)
    if is_image(source):
        return marketplace_check.check_picture(load_picture(source, max_pixels), marketplace)
    name = source_display_name(source)
    return marketplace_check.check_listing(read_bytes(source, name=name), marketplace, name, max_pixels)


def verify(path: str | os.PathLike[str], *, anchors: bytes = b"") -> ProvenanceReport:
    """Verify the Content Credentials (C2PA) of a file: who signed it, whether it was changed since, and its history.

    Parameters
    ----------
    path : path
        A picture, or any file with its manifest beside it (NAME.c2pa); "-" is standard input.
    anchors : bytes
        Certificates (PEM) of authorities to trust, besides your own.

    Returns
    -------
    ProvenanceReport
        With `state` ("trusted", "valid", "altered" or "none") and `manifests`, the newest first.

    Raises
    ------
    UsageError, InputError

    Examples
    --------
        mb.cut("photo.jpg").save("cut.png", sign=True)
        print(mb.verify("cut.png").state)
    """
    return verify_file(os.fspath(path), anchors)
