"""Where the first matte of a cutout comes from: a network, the file, a key (screen, luma, plate, artwork), a trimap.

Each source computes an initial matte, refines its edges and cleans the cutout's colours in its own way; everything
between is the same for all of them (see `cutout`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Protocol

from mattebox.core.interface import name_parameter
from mattebox.core.timing import StageTimer
from mattebox.errors import UsageError
from mattebox.matting import (
    keying,
    network_query,
    region_of_interest,
    small_subject_search,
    small_subject_zoom,
    trimap,
    trimap_matting,
)
from mattebox.matting.artwork_keying import compute_artwork_matte, unmix_backdrop
from mattebox.matting.auto_refinement import refine_automatically
from mattebox.matting.chroma_screen import despill
from mattebox.matting.colour_refinement import refine
from mattebox.matting.corrections import Corrections, parse_corrections
from mattebox.matting.flat_artwork import Backdrop, detect_artwork, find_backdrop
from mattebox.matting.foreground import estimate_foreground
from mattebox.matting.hole_opening import open_holes
from mattebox.matting.keying_method import KeyingMethod, parse_keying_method
from mattebox.matting.matte_operations import enlarge_matte
from mattebox.matting.matte_prior import crop_mattes, people_matte
from mattebox.matting.network_refinement import refine_with_network
from mattebox.matting.uniform_backdrop import restore_coloured_parts
from mattebox.models.matte_session import Session
from mattebox.pipeline.file_prior import use_file_mattes
from mattebox.recipe.steps import Cut
from mattebox.types import Box, Matte, OpenImage, Picture

EDGE_REFINERS: dict[str, Callable[[Picture, Matte], Matte]] = {
    "colour": refine, "network": refine_with_network, "auto": refine_automatically, "none": enlarge_matte,
}  # fmt: skip


class InitialMatte(NamedTuple):
    """A matte before corrections, the crop of the picture that it covers (`crop_box`; None = all of it), the
    corrections that are still to be applied, and remarks for the user."""

    matte: Matte
    crop: Picture
    crop_box: Box | None
    corrections: Corrections
    notes: tuple[str, ...] = ()


class MatteSource(Protocol):
    """A way to a first matte."""

    @property
    def session(self) -> Session | None:
        """The network that is asked, if one is."""

    def compute_matte(self, picture: Picture, region: Box | None) -> InitialMatte:
        """The first matte of a region of the picture (None = all of it)."""

    def refine_edges(self, crop: Picture, matte: Matte) -> Matte:
        """The matte at the crop's size and bit depth."""

    def estimate_colours(self, picture: Picture, matte: Matte, crop: Picture) -> Picture:
        """The cutout in the subject's own straight colours, without light that the background cast on it; `crop` shows
        that background."""


@dataclass(frozen=True)
class NetworkMatte:
    """The matte of a segmentation network, which looks again at a crop around a small subject if its card says so."""

    session: Session
    step: Cut
    open_image: OpenImage
    timer: StageTimer

    def compute_matte(self, picture: Picture, region: Box | None) -> InitialMatte:
        crop = _crop(picture, region)
        corrections = parse_corrections(self.step, picture, region)
        matte, remaining = self.timer.run(
            "segment", lambda: network_query.query_network(crop, self.session, corrections, self.step.votes)
        )
        matte, notes, has_prior = use_file_mattes(picture, region, matte, self.step, self.session)
        looks_closer = region is None and not has_prior and bool(self.session.card.input.closer)
        if looks_closer and not matte.found and not remaining:
            matte = self.timer.run(
                "closer", lambda: small_subject_search.find_matte(picture, matte, self.session, self.step.votes)
            )
        matte = self._restore_parts(crop, matte)
        if looks_closer:
            zoomed = self.timer.run(
                "closer",
                lambda: small_subject_zoom.zoom_in_on_subject(picture, matte, self.session, remaining, self.step.votes),
            )
            if zoomed is not None:
                zoomed = zoomed._replace(
                    matte=self._open_holes(zoomed.crop, self._restore_parts(zoomed.crop, zoomed.matte))
                )
                return InitialMatte(*zoomed, parse_corrections(self.step, picture, zoomed.crop_box))
        return InitialMatte(self._open_holes(crop, matte), crop, region, remaining, notes)

    def _restore_parts(self, crop: Picture, matte: Matte) -> Matte:
        if not matte.found:
            return matte
        return self.timer.run("backdrop", lambda: restore_coloured_parts(crop, matte))

    def _open_holes(self, crop: Picture, matte: Matte) -> Matte:
        if not matte.found:
            return matte
        return self.timer.run("holes", lambda: open_holes(crop, matte, self.step.holes))

    def refine_edges(self, crop: Picture, matte: Matte) -> Matte:
        return self.timer.run("refine", lambda: EDGE_REFINERS[self.step.edges](crop, matte))

    def estimate_colours(self, picture: Picture, matte: Matte, crop: Picture) -> Picture:
        return estimate_foreground(picture, matte)


@dataclass(frozen=True)
class FullSizeMatte(ABC):
    """A matte that no network computes, and that has its edges at full size already."""

    step: Cut
    open_image: OpenImage
    timer: StageTimer
    session: None = None
    stage: ClassVar[str] = "key"

    def compute_matte(self, picture: Picture, region: Box | None) -> InitialMatte:
        crop = _crop(picture, region)
        corrections = parse_corrections(self.step, picture, region)
        matte = self.timer.run(self.stage, lambda: self.solve(picture, crop, region))
        return InitialMatte(matte, crop, region, corrections)

    @abstractmethod
    def solve(self, picture: Picture, crop: Picture, region: Box | None) -> Matte:
        """The matte of the crop, which is a region of the picture (None = all of it)."""

    def refine_edges(self, crop: Picture, matte: Matte) -> Matte:
        return matte

    def estimate_colours(self, picture: Picture, matte: Matte, crop: Picture) -> Picture:
        return estimate_foreground(picture, matte)


@dataclass(frozen=True)
class KeyedMatte(FullSizeMatte):
    """The matte of a key. Chroma screens spill their light, others do not."""

    method: KeyingMethod = field(kw_only=True)

    def solve(self, picture: Picture, crop: Picture, region: Box | None) -> Matte:
        return keying.compute_key_matte(
            crop, self.method, self.step.tolerance, lambda path: _crop(self.open_image(path), region)
        )

    def estimate_colours(self, picture: Picture, matte: Matte, crop: Picture) -> Picture:
        cutout = estimate_foreground(picture, matte)
        if self.method.kind != "screen":
            return cutout
        return despill(cutout, keying.resolve_screen(crop, self.method))


@dataclass(frozen=True)
class ArtworkMatte(FullSizeMatte):
    """The matte of flat artwork, keyed by its backdrop."""

    backdrop: Backdrop = field(kw_only=True)

    def solve(self, picture: Picture, crop: Picture, region: Box | None) -> Matte:
        return compute_artwork_matte(crop, self.backdrop, self.step.holes)

    def estimate_colours(self, picture: Picture, matte: Matte, crop: Picture) -> Picture:
        return unmix_backdrop(picture, matte, self.backdrop)


@dataclass(frozen=True)
class FileMatte(FullSizeMatte):
    """The people whom the file's own mattes show; finer than a network's, and refined along the edges like those."""

    stage: ClassVar[str] = "file matte"

    def solve(self, picture: Picture, crop: Picture, region: Box | None) -> Matte:
        people = people_matte(crop_mattes(picture.mattes, region, picture.shape))
        if people is None:
            raise UsageError(
                "the file holds no portrait matte", f"leave out {name_parameter('file_matte', 'only')}: a network cuts"
            )
        return people

    def refine_edges(self, crop: Picture, matte: Matte) -> Matte:
        return self.timer.run("refine", lambda: EDGE_REFINERS[self.step.edges](crop, matte))


@dataclass(frozen=True)
class TrimapMatte(FullSizeMatte):
    """The matte of a trimap that the user drew, which alone says what is subject."""

    stage: ClassVar[str] = "trimap"

    def solve(self, picture: Picture, crop: Picture, region: Box | None) -> Matte:
        drawing = trimap.trimap_from_picture(self.open_image(self.step.trimap), picture, self.step.trimap)
        known = drawing if region is None else drawing[region[1] : region[3], region[0] : region[2]]
        return trimap_matting.matte_from_trimap(crop, known)


def check_file_matte(step: Cut) -> None:
    """UsageError for a step that names the file's matte and another way to cut."""
    if step.file_matte == "only" and (step.trimap != "none" or step.by.strip() not in ("auto", "network")):
        other = name_parameter("trimap") if step.trimap != "none" else name_parameter("by", step.by)
        raise UsageError(
            f"{name_parameter('file_matte', 'only')} and {other} each decide the matte", "leave out one of the two"
        )


def check_trimap(step: Cut, open_image: OpenImage) -> None:
    """Check the trimap of a step, if it has one. UsageError, InputError."""
    if step.trimap == "none":
        return
    method = parse_keying_method(step.by)
    if method is not None and method.kind != "auto":
        raise UsageError(f"a trimap and --by {step.by} each decide the matte", "leave out one of the two")
    open_image(step.trimap)


def make_matte_source(
    picture: Picture,
    region: Box | None,
    step: Cut,
    timer: StageTimer,
    open_image: OpenImage,
    get_session: Callable[[], Session],
) -> MatteSource:
    """The source that the step names for a region of the picture (None = all of it).

    With `auto` it is artwork where the picture is that, unless the network knows classes or takes points: who chooses
    such a network means it. Keys and trimaps call no `get_session`. UsageError, ModelError, DeviceError.
    """
    if step.trimap != "none":
        return TrimapMatte(step, open_image, timer)
    if step.file_matte == "only":
        return FileMatte(step, open_image, timer)
    method = parse_keying_method(step.by)
    if method is not None and method.kind == "artwork":
        return ArtworkMatte(step, open_image, timer, backdrop=find_backdrop(_crop(picture, region)))
    if method is not None and method.kind != "auto":
        return KeyedMatte(step, open_image, timer, method=method)
    session = get_session()
    if method is not None and not session.card.output.is_specific:
        backdrop = timer.run("detect", lambda: detect_artwork(_crop(picture, region)))
        if backdrop is not None:
            return ArtworkMatte(step, open_image, timer, backdrop=backdrop)
    return NetworkMatte(session, step, open_image, timer)


def _crop(picture: Picture, box: Box | None) -> Picture:
    return picture if box is None else region_of_interest.crop_picture(picture, box)
