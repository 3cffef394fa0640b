"""Instances of all families of networks have the right mask, box and class."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from mattebox.errors import ModelError, NoSubject, UsageError
from mattebox.matting.selection import check_selected_classes, parse_selection, select_instances
from mattebox.models.cards import registry
from mattebox.models.cards.card import Card
from mattebox.models.cards.tensor_spec import Output
from mattebox.models.instance_decoders import decode_class_map, decode_detections, decode_queries, paste_mask
from mattebox.models.instance_masks import Instance, pack_instances, unpack_instances
from mattebox.models.matte_session import Session
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.types import LetterboxGeometry, Picture
from tests.fakes import OURS
from tests.models.families import blocks, stored
from tests.models.onnx import colour_network, constants_network, model, node, tensor, value

PLACE = LetterboxGeometry((200, 300), (224, 320), (200, 300))
THINGS = Output("boxes", classes=("background", "person", "dog"))


def pasted(mask: np.ndarray, box: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
    """As maskrcnn-benchmark pastes masks: padded by one pixel, in a widened box, enlarged by Pillow."""
    cells = len(mask)
    across, down = (box[2] - box[0]) // cells, (box[3] - box[1]) // cells
    wide = Image.fromarray(np.pad(mask, 1).astype(np.float32))
    plane = np.array(wide.resize(((cells + 2) * across, (cells + 2) * down), Image.Resampling.BILINEAR))
    made = np.zeros((size[0] + 200, size[1] + 200))
    top, left = box[1] - down + 100, box[0] - across + 100
    made[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
    return made[100:-100, 100:-100]


def test_a_mask_is_pasted_into_its_box_as_the_publishers_do() -> None:
    mask = np.random.default_rng(1).random((28, 28))
    for box in ((40, 30, 96, 114), (-20, 100, 120, 212), (250, -10, 334, 130)):
        found = paste_mask(mask, box, (200, 300), (200, 300))
        assert np.abs(found - pasted(mask, box, (200, 300))).max() < 1e-5


def test_detections_below_the_threshold_are_left_out_and_boxes_are_the_pictures() -> None:
    boxes = np.array([[30, 40, 150, 160], [220, 80, 280, 140], [0, 0, 9, 9]], np.float32)
    outputs = [boxes, np.array([2, 1, 1]), np.array([0.9, 0.7, 0.3]), np.ones((3, 1, 28, 28), np.float32)]
    place = LetterboxGeometry((400, 600), (224, 320), (200, 300))
    large, small = decode_detections(outputs, THINGS, place)
    assert (large.label, large.box, large.score) == ("dog", (60, 80, 300, 320), 0.9)
    assert (small.label, small.box) == ("person", (440, 160, 560, 280))
    assert large.area_share == pytest.approx(120 * 120 / 60_000, abs=0.002)
    with pytest.raises(ModelError, match="correct the card"):
        decode_detections(outputs[:3], THINGS, place)


def test_masks_as_large_as_the_input_are_taken_as_they_are() -> None:
    masks = np.zeros((1, 1, 224, 320), np.float32)
    masks[0, 0, 40:160, 30:150] = 1
    (part,) = decode_detections(
        [np.array([[30.0, 40, 150, 160]]), np.array([1]), np.array([1.0]), masks], THINGS, PLACE
    )
    assert part.alpha.shape == (200, 300)
    assert (part.alpha == masks[0, 0, :200, :300]).all()


def test_queries_keep_the_pixels_they_win() -> None:
    output = Output("queries", classes=("person", "dog", "grass"))
    kinds = np.full((1, 4, 4), -9.0)
    kinds[0, [0, 1, 2, 3], [0, 2, 3, 1]] = 9.0  # a person, grass, nothing, a dog
    masks = np.full((1, 4, 56, 80), -9.0, np.float32)
    masks[0, 0, 10:40, 8:38], masks[0, 1, 30:50, 0:75], masks[0, 3, 12:20, 10:18] = 9.0, 2.0, 1.0
    parts = decode_queries([masks, kinds], output, PLACE)
    assert [p.label for p in parts] == ["grass", "person"]  # the dog lies inside the person, who is surer
    person = parts[1].alpha > 0.5
    assert person.shape == (50, 75)
    assert person.sum() == 30 * 30
    assert person[10:40, 8:38].all()
    assert not (person & (parts[0].alpha > 0.5)).any()
    assert parts[1].box == (32, 40, 152, 160)
    with pytest.raises(ModelError, match="1 x Q x 4"):
        decode_queries([masks, kinds[..., :3]], output, PLACE)


def test_class_maps_are_split_into_connected_regions() -> None:
    output = Output("classes", classes=("background", "cat"), subject=("cat",))
    logits = np.zeros((2, 50, 75), np.float32)
    logits[0] = 1
    logits[1, 5:20, 5:25], logits[1, 30:45, 40:50] = 4, 4
    first, second = decode_class_map(logits, output, LetterboxGeometry((200, 300), (50, 75), (50, 75)))
    assert (first.label, first.box, second.box) == ("cat", (20, 20, 100, 80), (160, 120, 200, 180))
    assert first.score == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-5)


def test_instances_survive_packing() -> None:
    part = Instance("traffic light", 0.25, (1, 2, 30, 40), np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3))
    (again,) = unpack_instances(pack_instances([part]))
    assert (again.label, again.box) == ("traffic light", (1, 2, 30, 40))
    assert again.score == pytest.approx(0.25, abs=1e-5)
    assert np.abs(again.alpha - part.alpha).max() < 1e-5
    assert unpack_instances(pack_instances([])) == []


def mask_rcnn(folder: Path) -> Card:
    """A red instance of class dog, a green one of class person, and one of low score, in a frame of 1200 x 800."""
    x = np.array([[120, 160, 600, 640], [880, 320, 1120, 560], [0, 0, 300, 300]], np.float32)
    outputs = {"boxes": x, "labels": np.array([17, 1, 2]), "scores": np.array([0.95, 0.8, 0.2]),
               "masks": np.ones((3, 1, 28, 28))}  # fmt: skip
    return stored(registry.find_card("maskrcnn"), folder, constants_network(outputs))


def torchvision(folder: Path) -> Card:
    """One detection, whose full-size mask is where red exceeds green and blue."""
    shift = tensor("shift", np.array([-5.0]))
    nodes = [node("Conv", ["image", "weights", "shift"], ["warm"]), node("Sigmoid", ["warm"], ["masks"])]
    nodes += [node("Identity", [f"the {n}"], [n]) for n in ("boxes", "scores")]
    nodes += [node("Cast", ["the label"], ["labels"], tensor_kind())]
    outs = [value("boxes", 2), value("labels", 1, 7), value("scores", 1), value("masks", 4)]
    tensors = [tensor("weights", np.array([[20.0, -15.0, -15.0]])[..., None, None]), shift,
               tensor("the boxes", np.array([[100.0, 200, 600, 800]])), tensor("the scores", np.array([0.9])),
               tensor("the label", np.array([17.0]))]  # fmt: skip
    return stored(
        registry.find_template_or_card("maskrcnn-torchvision"), folder, model(nodes, [value("image", 4)], outs, tensors)
    )


def tensor_kind() -> bytes:
    from tests.models.onnx import number

    return number("to", 7)


def mask2former(folder: Path) -> Card:
    """Of three queries a person where it is red, a dog where it is green, and nothing."""
    kinds = np.full((1, 3, 81), -6.0)
    kinds[0, [0, 1, 2], [0, 16, 80]] = 6.0
    colours = np.array([[4.0, -3, -3], [-3, 4, -3], [0, 0, 0]])
    shrink = np.tile(colours[..., None, None] / 16, (4, 4))
    from tests.models.onnx import numbers

    nodes = [node("Conv", ["image", "weights"], ["masks"], numbers("strides", 4, 4)),
             node("Identity", ["the kinds"], ["kinds"])]  # fmt: skip
    tensors = [tensor("weights", shrink), tensor("the kinds", kinds)]
    content = model(nodes, [value("image", 4)], [value("kinds", 3), value("masks", 4)], tensors)
    return stored(registry.find_template_or_card("mask2former-coco"), folder, content)


def segformer(folder: Path) -> Card:
    """Red is person (12), green is plant (17), blue is sky (2)."""
    weights = np.zeros((150, 3))
    weights[[12, 17, 2]] = np.array([[4.0, -2, -2], [-2, 4, -2], [-2, -2, 4]])
    content = colour_network(weights, sigmoid=False, shrink=4)
    return stored(registry.find_card("segformer-ade"), folder, content)


def segmenter(folder: Path) -> Card:
    weights = np.zeros((150, 3))
    weights[[12, 17, 2]] = np.array([[4.0, -2, -2], [-2, 4, -2], [-2, -2, 4]])
    return stored(registry.find_template_or_card("segmenter-ade"), folder, colour_network(weights, sigmoid=False))


RED_BOX, GREEN_BOX = (30, 40, 150, 160), (220, 80, 280, 140)
FAMILIES = {  # what is red, and what is green, as each calls it
    mask_rcnn: ("dog", "person"),
    mask2former: ("person", "dog"),
    segformer: ("person", "plant"),
    segmenter: ("person", "plant"),
}


def cut(session: Session, **step: str) -> np.ndarray:
    made = run_recipe(blocks(), Recipe((Cut(colours="source", **step),)), session=session).matte
    assert made is not None
    return made.alpha > made.bit_depth.peak // 2


def truth(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    made = np.zeros((200, 300), bool)
    for left, top, right, bottom in boxes:
        made[top:bottom, left:right] = True
    return made


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_lists_its_instances(family: object, tmp_path: Path) -> None:
    parts = Session.open(family(tmp_path), "cpu").predict_instances(blocks())  # type: ignore[operator]
    red, green = FAMILIES[family]  # type: ignore[index]
    found = {p.label: p for p in parts}
    assert found[red].box == pytest.approx(RED_BOX, abs=2)
    assert found[green].box == pytest.approx(GREEN_BOX, abs=2)
    assert found[red].area_share == pytest.approx(0.24, abs=0.01)
    assert [p.area_share for p in parts] == sorted((p.area_share for p in parts), reverse=True)


@pytest.mark.parametrize("family", [mask_rcnn, mask2former, segformer])
def test_each_family_cuts_the_selected_instances(family: object, tmp_path: Path) -> None:
    """By class, number, place and size, at full size: one wrong pixel in two hundred at most, all at an edge."""
    session = Session.open(family(tmp_path), "cpu")  # type: ignore[operator]
    red, green = FAMILIES[family]  # type: ignore[index]
    for pick, boxes in (
        (red, [RED_BOX]), (green, [GREEN_BOX]), (f"{red}+{green}", [RED_BOX, GREEN_BOX]), ("all", [RED_BOX, GREEN_BOX]),
        ("250,110", [GREEN_BOX]), ("largest", [RED_BOX]),
    ):  # fmt: skip
        assert (cut(session, pick=pick) ^ truth(*boxes)).mean() < 0.005, pick
    numbered = [p.label for p in session.predict_instances(blocks())].index(green) + 1
    assert (cut(session, pick=str(numbered)) ^ truth(GREEN_BOX)).mean() < 0.005


def test_torchvisions_full_size_masks(tmp_path: Path) -> None:
    session = Session.open(torchvision(tmp_path), "cpu")
    (part,) = session.predict_instances(blocks())
    assert part.label == "cat"
    assert part.box == (25, 50, 150, 200)  # the network's own, from its frame of 1200 x 800
    assert (cut(session, pick="cat") ^ truth(RED_BOX)).mean() < 0.003


def test_a_class_that_is_not_there_is_no_subject(tmp_path: Path) -> None:
    session = Session.open(mask_rcnn(tmp_path), "cpu")
    with pytest.raises(NoSubject):
        cut(session, pick="zebra")
    for pick, told in (("zebr", "did you mean zebra?"), ("7", "only 2"), ("295,5", "nothing under 295,5")):
        with pytest.raises(UsageError, match=told):
            cut(session, pick=pick)


def test_models_without_classes_refuse_class_names() -> None:
    with pytest.raises(UsageError, match=f"model {OURS} knows no classes such as person; choose one that does"):
        check_selected_classes(parse_selection("person"), registry.find_card("balanced"))
    with pytest.raises(UsageError, match="only a network can recognise person"):
        check_selected_classes(parse_selection("person"), None)
    for pick in ("all", "largest", "2", "10,20"):
        check_selected_classes(parse_selection(pick), registry.find_card("balanced"))


def test_a_place_selects_the_smallest_instance_there() -> None:
    table, cup = (Instance(n, 1.0, (0, 0, 9, 9), np.ones((9, 9), np.float32)) for n in ("table", "cup"))
    cup.alpha[:, 5:] = 0
    card = registry.find_card("maskrcnn")
    assert select_instances([table, cup], parse_selection("10%,10%", (90, 90)), card) == [cup]


def test_other_output_shapes_are_refused(tmp_path: Path) -> None:
    bad = stored(registry.find_card("maskrcnn"), tmp_path, constants_network({"only": np.zeros((2, 2))}))
    with pytest.raises(ModelError, match="N x 4, N, N and N x 1 x h x w"):
        Session.open(bad, "cpu").predict_instances(blocks())


def test_no_instances_are_cached_and_reported(tmp_path: Path) -> None:
    empty = {
        "boxes": np.zeros((0, 4)),
        "labels": np.zeros(0, int),
        "scores": np.zeros(0),
        "masks": np.zeros((0, 1, 28, 28)),
    }
    session = Session.open(stored(registry.find_card("maskrcnn"), tmp_path, constants_network(empty)), "cpu")
    assert session.predict_instances(blocks()) == []
    assert session.predict_instances(blocks()) == []
    with pytest.raises(NoSubject):
        cut(session)


def test_real_deeplab_lists_the_cat(shared_data: object, tmp_path: Path, chelsea: Picture) -> None:
    """DeepLabV3-MobileNetV2 trained on VOC, real weights, as a user would add them."""
    content = shared_data("weights/deeplabv3-257.onnx").read_bytes()  # type: ignore[operator]
    like = registry.find_template_or_card("deeplabv3-voc")
    half = (0.5, 0.5, 0.5)
    spec = msgspec.structs.replace(like.input, side=257, mean=half, std=half)
    session = Session.open(stored(msgspec.structs.replace(like, input=spec), tmp_path, content), "cpu")
    largest = session.predict_instances(chelsea)[0]
    assert largest.label == "cat"
    assert largest.area_share == pytest.approx(0.76, abs=0.03)
    assert largest.score > 0.8
