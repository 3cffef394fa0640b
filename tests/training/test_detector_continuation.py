"""A detector goes on learning from its own exported weights: all but its first blocks, on features computed once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mattebox.errors import InputUnreadable
from mattebox.training.convert.detector import load_initial_weights
from mattebox.training.export.detection import export_network
from mattebox.training.networks.detection_network import FROZEN_BLOCKS, DetectionNet
from mattebox.training.tasks.detection.crop_batches import DetectionData
from mattebox.training.tasks.detection.feature_pool import FeaturePool, load_feature_pool
from mattebox.training.tasks.detection.settings import DetectionSettings
from mattebox.training.tasks.detection.targets import Targets
from mattebox.training.tasks.detection.task import DetectionTask

WIDTH, HEAD, CELLS = 8, 8, 16


def begin_network() -> DetectionNet:
    torch.manual_seed(3)
    net = DetectionNet(WIDTH, HEAD).eval()
    torch.nn.init.normal_(net.score.weight, std=0.5)
    return net


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("detectors") / "detect.onnx"
    export_network(begin_network(), file)
    return file


def test_the_first_blocks_and_the_others_are_the_whole_encoder() -> None:
    net, rgb = begin_network(), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        assert net.encode_textures(rgb).shape[2:] == (CELLS, CELLS)
        outputs = net.decode(net.encode_objects(net.encode_textures(rgb)))
        torch.testing.assert_close(outputs.scores, net(rgb).scores)


def test_exported_weights_are_loaded_up_to_their_rounding(exported: Path) -> None:
    net, rgb = DetectionNet(WIDTH, HEAD).eval(), torch.rand(1, 3, 64, 64)
    load_initial_weights(net, exported)
    with torch.no_grad():
        wanted, got = begin_network()(rgb).scores, net(rgb).scores
    assert (wanted - got).abs().max() < 0.1 * wanted.std()


def test_other_files_and_other_widths_are_refused(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match="of other widths"):
        load_initial_weights(DetectionNet(WIDTH + 4, HEAD), exported)
    (tmp_path / "text.onnx").write_text("no graph")
    with pytest.raises(InputUnreadable, match=r"text\.onnx"):
        load_initial_weights(DetectionNet(WIDTH, HEAD), tmp_path / "text.onnx")
    with pytest.raises(InputUnreadable, match=r"none\.onnx"):
        load_initial_weights(DetectionNet(WIDTH, HEAD), tmp_path / "none.onnx")


def make_targets(count: int) -> Targets:
    channels = (2, 2, 4, 1, 10, 1)
    return Targets(*(torch.rand(count, c, CELLS, CELLS).round() for c in channels))


@pytest.mark.parametrize("encoder_rate", [0.0, 0.25])
def test_a_step_changes_the_decoder_and_the_later_blocks_where_they_learn(exported: Path, encoder_rate: float) -> None:
    pool = FeaturePool(torch.rand(4, 24, CELLS, CELLS).half(), make_targets(4))
    file = exported.with_name("pool.pt")
    pool.save(file)
    settings = DetectionSettings(steps=1, batch=2, width=WIDTH, head=HEAD, encoder_rate=encoder_rate)
    task = DetectionTask(settings, file, exported, DetectionData(Path(), Path(), Path()))
    objective = task.build_objective(torch.device("cpu"))
    before = {name: value.clone() for name, value in objective.net.named_parameters()}
    optimiser = task.build_optimiser(objective)
    objective(load_feature_pool(file).sample(2))["total"].backward()
    optimiser.step()
    changed = {name for name, value in objective.net.named_parameters() if not torch.equal(value, before[name])}
    numbers = {int(name.split(".")[1]) for name in changed if name.startswith("blocks.")}
    assert "head.weight" in changed
    assert not any(name.startswith("stem") for name in changed)
    assert numbers == (set(range(FROZEN_BLOCKS, len(objective.net.blocks))) if encoder_rate else set())
