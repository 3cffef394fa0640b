"""Remedies name parameters as the users of each interface write them."""

import pytest

import mattebox as mb
from mattebox.core.interface import Interface, choose_wording, install_extra, name_parameter, pull_models, use_interface
from mattebox.types import Picture


@pytest.mark.parametrize(
    ("interface", "texts"),
    [
        (Interface.PYTHON, ["keep=...", 'empty="keep"', "max_pixels=100", "crop=True", 'by="screen(#00b140)"']),
        (
            Interface.COMMAND_LINE,
            ["--keep", "--empty keep", "--max-pixels 100", "--crop", '--by "screen(#00b140)"'],
        ),
        (Interface.HTTP, ["`keep`", "empty=keep", "max_pixels=100", "crop=true", "by=screen(#00b140)"]),
    ],
)
def test_parameters_are_named_as_they_are_written(interface: Interface, texts: list[str]) -> None:
    values = [("keep", None), ("empty", "keep"), ("max_pixels", 100), ("crop", True), ("by", "screen(#00b140)")]
    with use_interface(interface):
        assert [name_parameter(name, value) for name, value in values] == texts
        assert choose_wording(command_line="command line", python="python", http="http") == interface.value


def test_http_names_neither_flags_nor_pip() -> None:
    with use_interface(Interface.HTTP):
        text = f"{install_extra('heif')} {pull_models('gfpgan', 'yunet')} {name_parameter('bit_depth', '8')}"
    assert "--" not in text
    assert "pip" not in text
    assert "gfpgan and yunet" in text


def test_python_is_told_the_remedy_in_python(astronaut: Picture) -> None:
    with pytest.raises(mb.NoSubject, match=r'keep=\.\.\., .*empty="keep"'):
        mb.cut(Picture(astronaut.rgb[:40, :40] * 0 + 128), threads=1)
    with pytest.raises(mb.MatteboxError, match="max_pixels=262144"):
        mb.cut(astronaut.to_pil(), max_pixels=1000)
    with use_interface(Interface.COMMAND_LINE), pytest.raises(mb.NoSubject, match="--keep, .*--empty keep"):
        mb.cut(Picture(astronaut.rgb[:40, :40] * 0 + 128), threads=1)
