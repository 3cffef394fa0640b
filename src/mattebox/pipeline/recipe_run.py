"""A recipe at work on a picture: its stages in their order, and what they hand on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from mattebox.composition import layer_composition
from mattebox.composition.label import add_label
from mattebox.enhancement.tile_sink import OpenTileSink
from mattebox.io.output_profile import convert_for_output
from mattebox.models.face_detector import detect_faces
from mattebox.pipeline import anonymisation, cutout, depth_source, develop, healing, lens, restoration
from mattebox.pipeline.gain_map_transfer import PlacedPhotograph, carry_gain_map
from mattebox.pipeline.kept_cutouts import KeptCutout, KeptCutouts
from mattebox.pipeline.picture_comparison import has_same_pixels
from mattebox.pipeline.result import Result
from mattebox.pipeline.run_networks import RunNetworks
from mattebox.provenance.watermark.embedding import embed_watermark
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Cut, Distance, Faces, Heal, Label, LensBlur, Restore, Save, Upscale
from mattebox.types import (
    Box,
    DepthMap,
    Floats,
    ImageShape,
    Layer,
    Matte,
    OnProgress,
    OpenImage,
    Picture,
    Pixels,
    subject_box,
)


@dataclass
class RecipeRun:
    """One recipe at work on one picture. `photograph` is what a background may show; it is the same object as the
    result's picture as long as nothing was cut. `source` is what was given."""

    recipe: Recipe
    networks: RunNetworks
    name: str
    open_image: OpenImage
    on_progress: Callable[[str, float], None] | None
    open_tile_sink: OpenTileSink
    photograph: Picture
    result: Result
    source: Picture
    kept_cutouts: KeptCutouts | None
    is_distance_assumed: bool = False
    placed: PlacedPhotograph | None = None

    def run_stages(self) -> Result:
        """All stages of which the recipe has a step."""
        recipe = self.recipe
        if (anonymise_step := anonymisation.anonymise_step(recipe)) is not None:
            self._record("anonymise", lambda: self._time("anonymise", lambda: self._anonymise(anonymise_step)))
        if (heal_step := healing.heal_step(recipe)) is not None:
            self._record("heal", lambda: self._time("heal", lambda: self._heal(heal_step)))
        self._change_photograph()
        if recipe.has_composition:
            self._record("compose", self._compose)
        if (label_step := recipe.find_step(Label)) is not None:
            self._record("label", lambda: self._time("label", lambda: self._label(label_step)))
        if (save_step := recipe.find_step(Save)) is not None:
            self._time("deliver", lambda: self._convert_for_output(save_step))
        self.result = carry_gain_map(self.source, self.result, recipe, self.placed)
        return replace(self.result, seconds=self.networks.timer.seconds)

    def _change_photograph(self) -> None:
        """The stages between hiding what is in the photograph and putting it on a canvas."""
        recipe = self.recipe
        if recipe.find_step(Restore) is not None:
            self._record("restore", lambda: self._time("restore", self._restore))
        if (cut_step := recipe.cut_step) is not None:
            self._record("cut", lambda: self._cut(cut_step))
        if recipe.find_step(Upscale) is not None:
            self._record("upscale", lambda: self._time("upscale", self._upscale))
        if recipe.find_step(Faces) is not None:
            self._record("faces", lambda: self._time("faces", self._restore_faces))
        if develop.has_develop_steps(recipe):
            self._record("develop", lambda: self._time("develop", self._develop))
        if (lens_step := lens.find_lens_step(recipe)) is not None and recipe.cut_step is None:
            self._record("lens", lambda: self._time("lens", lambda: self._blur_by_lens(lens_step)))

    def _record(self, stage: str, function: Callable[[], None]) -> None:
        """Run a stage, and remember it where it changed pixels."""
        before, stages = self.result.picture, self.result.effective_stages
        function()
        is_effective = not has_same_pixels(before, self.result.picture)
        self.result = replace(self.result, effective_stages=(*stages, stage) if is_effective else stages)

    def _time(self, stage: str, function: Callable[[], None]) -> None:
        self.networks.timer.run(stage, function)

    def _progress(self, stage: str) -> OnProgress | None:
        return None if self.on_progress is None else partial(self.on_progress, stage)

    def _anonymise(self, step: Anonymise) -> None:
        picture, objects = anonymisation.anonymise_picture(
            self.photograph, step, self.networks.device, self.networks.threads, self.name
        )
        self._replace_picture(picture)
        self.result = replace(self.result, objects=objects)

    def _heal(self, step: Heal) -> None:
        self._replace_picture(healing.apply_heal_step(self.photograph, step, self.open_image))

    def _restore(self) -> None:
        self._replace_picture(
            restoration.restore_photograph(
                self.photograph, self.recipe, self.networks.open_image_network, self._progress("restore")
            )
        )

    def _cut(self, step: Cut) -> None:
        cut = self.kept_cutouts.find(self.photograph, self.recipe) if self.kept_cutouts else None
        if cut is None:
            cut = self._cut_out(step)
            if self.kept_cutouts is not None:
                self.kept_cutouts.keep(self.photograph, self.recipe, cut)
        self.result = replace(self.result, picture=cut.picture, matte=cut.matte)
        if cut.model is not None:
            self.result = replace(self.result, model=cut.model, device=cut.device)

    def _cut_out(self, step: Cut) -> KeptCutout:
        picture, matte, session = cutout.cut_out(
            self.photograph,
            step,
            self.networks.timer,
            self.name,
            self.open_image,
            lambda: self.networks.open_session(step.model),
        )
        if session is None:
            return KeptCutout(picture, matte, None, "")
        return KeptCutout(picture, matte, session.card.name, session.device)

    def _upscale(self) -> None:
        before = self.result.picture
        upscaled = restoration.upscale_picture(
            before,
            self.recipe,
            self.networks.open_image_network,
            self._progress("upscale"),
            self.open_tile_sink,
        )
        if upscaled.shape == before.shape:
            self._replace_picture(upscaled)
            return
        if self.photograph is not before:
            self.photograph = restoration.resize_picture(self.photograph, upscaled.shape)
        if self.result.matte is not None:
            self.result = replace(self.result, matte=restoration.matte_from_cutout(self.result.matte, upscaled))
        self._replace_picture(upscaled)

    def _restore_faces(self) -> None:
        self._replace_picture(
            restoration.restore_faces(
                self.result.picture, self.recipe, self.networks.device, self.networks.threads, self._progress("faces")
            )
        )

    def _develop(self) -> None:
        self.photograph, developed = develop.apply_develop_steps(
            self.photograph, self.result.picture, self.recipe, self._subject_alpha, self._nearness, self.open_image
        )
        if self.is_distance_assumed:
            developed = replace(developed, notes=(*developed.notes, depth_source.ASSUMED_NOTE))
        self.result = replace(self.result, picture=developed)

    def _blur_by_lens(self, step: LensBlur) -> None:
        def get_matte() -> Matte:
            return cutout.subject_matte(self.photograph, self.networks.open_session())

        photograph = self.result.picture
        self._replace_picture(lens.apply_lens_blur(photograph, step, self.source.depth, get_matte, self._named_depth))

    def _compose(self) -> None:
        timer = self.networks.timer
        composition = timer.run(
            "compose",
            lambda: layer_composition.compose_layers(
                self.photograph, self.result.picture, self._subject_box(), self.recipe, self.open_image, self._find_face
            ),
        )
        self.placed = PlacedPhotograph(self.result.picture.shape, self.result.picture.alpha, composition)
        lens_step, backdrop = lens.find_lens_step(self.recipe), composition.backdrop
        if lens_step is not None and self.recipe.cut_step is not None and backdrop is not None:
            contact_row = composition.box[3]
            blurred = timer.run("lens", lambda: lens.blur_backdrop(backdrop, contact_row, lens_step))
            composition = replace(composition, backdrop=blurred)
        picture = timer.run("flatten", composition.flatten)
        self.result = replace(
            self.result,
            picture=picture,
            layers=composition.layers(),
            photograph_bounds=composition.photograph_bounds,
        )

    def _label(self, step: Label) -> None:
        picture, layers = add_label(self.result.picture, self.result.layers, step, self.open_image)
        self.result = replace(self.result, picture=picture, layers=layers)

    def _find_face(self, cutout: Picture) -> tuple[float, float, float, float] | None:
        """The largest face of the subject, by the embedded detector."""
        faces = detect_faces(cutout, Faces().finder, self.networks.device, self.networks.threads)
        alpha = cutout.alpha
        visible = [f.box for f in faces if alpha is None or alpha[_middle(f.box, cutout.shape)]]
        return max(visible, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]), default=None)

    def _convert_for_output(self, step: Save) -> None:
        convert = partial(convert_for_output, srgb=step.profile == "srgb", eight_bit=step.bit_depth == "8")
        picture = convert(self.result.picture)
        if step.watermark_id is not None:
            picture = embed_watermark(picture, step.watermark_id)
        layers = tuple(Layer(name, convert(layer)) for name, layer in self.result.layers)
        self.result = replace(self.result, picture=picture, layers=layers)

    def _replace_picture(self, picture: Picture) -> None:
        """Show `picture` from now on; where nothing was cut, it is the photograph too."""
        if self.photograph is self.result.picture:
            self.photograph = picture
        self.result = replace(self.result, picture=picture)

    def _subject_alpha(self) -> Pixels:
        """The subject's alpha for steps that work on the subject or background only: of the cut, of the file, or of a
        network."""
        if self.result.matte is not None:
            return self.result.matte.alpha
        if self.photograph.alpha is not None:
            return self.photograph.alpha
        return cutout.subject_alpha(self.photograph, self.networks.open_session())

    def _nearness(self) -> Floats:
        """The nearness by which steps work: of the file, of a depth picture, or assumed by the subject."""
        step = self.recipe.find_step(Distance) or Distance()
        depth = depth_source.find_depth(step.depth, self.source.depth, self._subject_alpha, self._named_depth)
        self.is_distance_assumed = step.depth == depth_source.AUTO and depth.source == "layers"
        return depth.nearness()

    def _named_depth(self, name: str) -> DepthMap:
        """Depth by a network, or of a depth picture; the photograph's, before anything was hidden in it."""
        networks = self.networks
        return depth_source.named_depth(name, self.source, self.open_image, networks.device, networks.threads)

    def _subject_box(self) -> Box:
        """Bounding box of the matte's subject, of the visible pixels, or the whole picture."""
        if self.result.matte is not None:
            return self.result.matte.box
        alpha = self.result.picture.alpha
        if alpha is not None and alpha.any():
            return subject_box(alpha)
        return 0, 0, *self.result.picture.size


def _middle(box: tuple[float, float, float, float], shape: ImageShape) -> tuple[int, int]:
    """Row and column in the middle of a box."""
    return min(shape[0] - 1, int((box[1] + box[3]) / 2)), min(shape[1] - 1, int((box[0] + box[2]) / 2))
