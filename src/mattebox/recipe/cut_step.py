"""The step that cuts the subject out of its background."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mattebox.recipe.field_types import switch
from mattebox.recipe.step import Step


class Cut(Step, frozen=True):
    """Cut the subject out of its background."""

    model: Annotated[str, Meta(description="fast, balanced, best, a card's name, or the path of a card")] = "balanced"
    votes: Annotated[
        int,
        Meta(
            ge=0,
            le=8,
            description="views that the network averages, mirrored and at other sizes; 0 is the model's own number",
        ),
    ] = 0
    edges: Annotated[
        Literal["colour", "network", "auto", "none"],
        Meta(
            description="how the matte gets the photograph's edges at full size: colour by local colour models; "
            "network by a network, slower, and better for strands, soft edges and where the matte is wrong; auto by "
            "the network for hair, fur and doubt, by colour in two passes for crisp edges; none only enlarges the matte"
        ),
    ] = "colour"
    edge_shift: Annotated[
        float, Meta(description="moves the edge outwards by so many pixels, or inwards below 0", ge=-30, le=30)
    ] = 0.0
    feather: Annotated[float, Meta(description="softens the edge over so many pixels; 0 leaves it", ge=0, le=100)] = 0.0
    colours: Annotated[
        Literal["clean", "source"],
        Meta(description="clean estimates the subject's own colours along soft edges; source keeps the photograph's"),
    ] = "clean"
    empty: Annotated[
        Literal["warn", "keep", "refuse"],
        Meta(
            description="when it is not clear what the subject is: warn keeps the cutout and adds a note, and is an "
            "error only where nothing stands out; keep adds no note; refuse is an error"
        ),
    ] = "warn"
    region: Annotated[
        str, Meta(description='only what lies in this part can be subject: "X1 Y1 X2 Y2" in px or %, or all')
    ] = "all"
    keep: Annotated[
        str,
        Meta(description='what is subject: points "X,Y ...", strokes "X,Y/X,Y", boxes "X,Y:X,Y" in px or %, or none'),
    ] = "none"
    drop: Annotated[str, Meta(description="what is not: points, strokes or boxes, as for keep")] = "none"
    pick: Annotated[
        str,
        Meta(
            description='which of several subjects: all, largest, 2 (by size), the one at "X,Y", or of what class, '
            "such as person or person+dog, where the model knows classes"
        ),
    ] = "all"
    trimap: Annotated[
        str,
        Meta(
            description="path of a grey picture: 0 is background, 255 subject, 128 unknown, which is worked out at the "
            "photograph's own size without a network; or none"
        ),
    ] = "none"
    garbage: Annotated[
        str, Meta(description="path of a grey picture (garbage matte): what is white is not subject; or none")
    ] = "none"
    holdout: Annotated[
        str,
        Meta(description="path of a grey picture (holdout matte): what is white lies in front of the subject; or none"),
    ] = "none"
    core: Annotated[str, Meta(description="path of a grey picture (core matte): what is white is subject; or none")] = (
        "none"
    )
    by: Annotated[
        str,
        Meta(
            description="auto, network, artwork (logos, drawings, sprites and screenshots on one exact colour, which "
            "auto recognises), screen or screen(#00b140), luma, or plate(PATH), a picture of the empty scene"
        ),
    ] = "auto"
    file_matte: Annotated[
        Literal["auto", "only", "none"],
        Meta(
            description="the mattes of people and sky that a phone wrote into the file: auto lets them decide along "
            "people's outlines, where the network sees the same subject; only takes the file's people and asks no "
            "network; none leaves them out"
        ),
    ] = "auto"
    holes: Annotated[
        Literal["keep", "open", "auto"],
        Meta(
            description="background seen through the subject that the matte has filled, such as the gap between arm "
            "and body or a letter's counter: keep it so, open what is likely, or (auto) only what is certain"
        ),
    ] = "auto"
    tolerance: Annotated[
        Literal["tight", "normal", "loose"],
        Meta(description="of a screen, luma or plate: tight removes only certain background, loose removes more"),
    ] = "normal"
    output: Annotated[
        Literal["cutout", "matte"],
        Meta(description="the cutout, or its matte as a grey picture"),
        switch("matte_only", "matte", "write the matte as a grey picture instead of the cutout"),
    ] = "cutout"

    @property
    def required_model(self) -> str | None:
        """The model it needs, if it needs one."""
        asks_network = self.by.strip() in ("auto", "network") and self.trimap == "none" and self.file_matte != "only"
        return self.model if asks_network else None
