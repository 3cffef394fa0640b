"""Pulling: interrupted, corrupted, raced and refused; what has the name is whole."""

from __future__ import annotations

import errno
import hashlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.store import download, weight_store
from tests.models.weight_server import WeightServer, serve_weights, use_home_folder

CONTENT = random.Random(0).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()

PULL = """
import sys, msgspec
from mattebox.models.store import weight_store
from mattebox.models.cards.card import Card
weight_store.pull_weights(msgspec.json.decode(sys.argv[1], type=Card))
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(download, "FIRST_RETRY_SECONDS", 0.001)
    return use_home_folder(monkeypatch, tmp_path / "home")


@pytest.fixture
def shop(home: Path) -> Iterator[WeightServer]:
    with serve_weights(CONTENT) as opened:
        yield opened


def pulling(card: Card) -> subprocess.Popen[bytes]:
    """The same pull in a process of its own."""
    return subprocess.Popen([sys.executable, "-c", PULL, msgspec.json.encode(card).decode()], stderr=subprocess.PIPE)


def whole(path: Path) -> bool:
    return path.read_bytes() == CONTENT


def test_a_pull_verifies_names_and_records(shop: WeightServer) -> None:
    told: list[tuple[int, int | None]] = []
    path = weight_store.pull_weights(shop.card(), lambda done, of: told.append((done, of)))
    assert whole(path)
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert json.loads(weight_store.record_path(path).read_bytes())["sha256"] == SHA256
    assert sorted(p.name for p in path.parent.iterdir()) == ["sold.onnx", "sold.onnx.json", "sold.onnx.lock"]


def test_what_is_here_is_not_pulled_again(shop: WeightServer) -> None:
    weight_store.pull_weights(shop.card())
    weight_store.pull_weights(shop.card())
    assert len(shop.asked) == 1


@pytest.mark.parametrize("percent", [1, 37, 99])
def test_a_killed_pull_goes_on_where_it_ended(shop: WeightServer, percent: int) -> None:
    shop.hang_after = len(CONTENT) * percent // 100
    child = pulling(shop.card())
    part = weight_store.partial_path(weight_store.weights_path(shop.card()))
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size):
        assert time.monotonic() < deadline
        assert child.poll() is None, child.stderr.read() if child.stderr else ""
        time.sleep(0.01)
    child.kill()
    child.communicate()
    assert not weight_store.weights_path(shop.card()).exists()
    shop.stall.set()
    shop.hang_after = None
    had = part.stat().st_size
    assert 0 < had <= len(CONTENT) * percent // 100
    assert whole(weight_store.pull_weights(shop.card()))
    assert shop.asked == [None, f"bytes={had}-"]


@pytest.mark.parametrize("percent", [1, 37, 99])
def test_a_broken_connection_is_tried_again(shop: WeightServer, percent: int) -> None:
    shop.breaks = [len(CONTENT) * percent // 100]
    assert whole(weight_store.pull_weights(shop.card()))
    assert shop.asked == [None, f"bytes={len(CONTENT) * percent // 100}-"]


def test_a_connection_that_brings_nothing_is_given_up(shop: WeightServer) -> None:
    shop.breaks = [1_000_000] + [0] * download.MAX_STALLED_RETRIES
    with pytest.raises(
        ModelError, match=r"ended after 1,000,000 of 3,000,000 bytes; check the network .*goes on there"
    ):
        weight_store.pull_weights(shop.card())
    assert whole(weight_store.pull_weights(shop.card()))
    assert shop.asked[-1] == "bytes=1000000-"


def test_a_flipped_byte_in_what_was_kept_is_fetched_anew(shop: WeightServer) -> None:
    part = weight_store.partial_path(weight_store.weights_path(shop.card()))
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:2_000_000])
    assert whole(weight_store.pull_weights(shop.card()))
    assert shop.asked == ["bytes=2000000-", None]


def test_a_flipped_byte_from_the_server_is_never_named(shop: WeightServer) -> None:
    card = shop.card()
    shop.content = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    with pytest.raises(ModelError, match=r"not the file the card of sold describes \(md5 .*nothing was kept"):
        weight_store.pull_weights(card)
    assert not weight_store.is_installed(card)
    assert not weight_store.partial_path(weight_store.weights_path(card)).exists()


def test_a_flipped_byte_on_the_disk_is_never_loaded_and_is_pulled_again(shop: WeightServer) -> None:
    path = weight_store.pull_weights(shop.card())
    path.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])
    with pytest.raises(ModelError, match="mattebox models pull sold; nothing was loaded"):
        weight_store.read_weights(shop.card())
    with pytest.raises(ModelError, match="not the file its card describes"):
        weight_store.verify_weights(shop.card())
    assert whole(weight_store.pull_weights(shop.card()))
    assert weight_store.read_weights(shop.card()) == CONTENT


def test_a_server_without_range_sends_all_again(shop: WeightServer) -> None:
    shop.ranges, shop.breaks = False, [1_000_000]
    assert whole(weight_store.pull_weights(shop.card()))


def test_a_server_without_range_that_never_comes_further_is_given_up(shop: WeightServer) -> None:
    shop.ranges, shop.breaks = False, [1_000_000, 500_000] * 9
    with pytest.raises(ModelError, match="check the network"):
        weight_store.pull_weights(shop.card())
    assert len(shop.asked) == 1 + download.MAX_STALLED_RETRIES


def test_a_server_that_announces_no_length(shop: WeightServer) -> None:
    shop.announce = False
    assert whole(weight_store.pull_weights(shop.card(bytes=0)))


def test_a_complete_part_needs_only_its_name(shop: WeightServer) -> None:
    part = weight_store.partial_path(weight_store.weights_path(shop.card()))
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT)
    assert whole(weight_store.pull_weights(shop.card(bytes=0)))
    assert shop.asked == [f"bytes={len(CONTENT)}-"]


def test_a_part_that_is_too_long_is_thrown_away(shop: WeightServer) -> None:
    part = weight_store.partial_path(weight_store.weights_path(shop.card()))
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT + b"more")
    assert whole(weight_store.pull_weights(shop.card(bytes=0)))


@pytest.mark.parametrize("size", [2_999_999, 3_000_001])
def test_another_size_is_refused_before_it_comes(shop: WeightServer, size: int) -> None:
    with pytest.raises(ModelError, match=rf"3,000,000 bytes where the card says {size:,}"):
        weight_store.pull_weights(shop.card(bytes=size))


def test_more_than_announced_by_the_card_is_refused(shop: WeightServer) -> None:
    shop.announce = False
    with pytest.raises(ModelError, match="more than the 2,000,000 bytes expected"):
        weight_store.pull_weights(shop.card(bytes=2_000_000))


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (503, 2)])
def test_refusals_last_and_failures_pass(shop: WeightServer, status: int, tries: int) -> None:
    shop.statuses = [status]
    if tries == 1:
        with pytest.raises(ModelError, match=rf"refused \({status} .*MATTEBOX_MIRROR"):
            weight_store.pull_weights(shop.card())
    else:
        assert whole(weight_store.pull_weights(shop.card()))
    assert len(shop.asked) == tries


def test_a_server_that_is_not_there(home: Path) -> None:
    with serve_weights(CONTENT) as gone:
        card = gone.card()
    with pytest.raises(ModelError, match=r"official\.onnx: cannot be reached \(.*refused.*\); check the network"):
        weight_store.pull_weights(card)


def test_a_disk_that_fails_is_not_the_networks_fault(shop: WeightServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.os, "fsync", full)
    with pytest.raises(ModelError, match=r"cannot be written \(No space left.*free some space.*what came is kept"):
        weight_store.pull_weights(shop.card())
    assert len(shop.asked) == 1


def test_two_processes_racing_end_with_one_good_file(shop: WeightServer) -> None:
    shop.hang_after = 1_000_000
    children = [pulling(shop.card()) for _ in range(2)]
    deadline = time.monotonic() + 20
    while not shop.asked:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    shop.hang_after = None
    shop.stall.set()
    for child in children:
        _, told = child.communicate(timeout=30)
        assert child.returncode == 0, told
    assert whole(weight_store.weights_path(shop.card()))
    assert shop.asked.count(None) == 1


def test_a_mirror_stands_in(shop: WeightServer, monkeypatch: pytest.MonkeyPatch) -> None:
    card = shop.card(url="https://nowhere.invalid/official.onnx")
    monkeypatch.setenv("MATTEBOX_MIRROR", shop.address + "/")
    assert weight_store.download_url(card) == f"{shop.address}/sold.onnx"
    assert whole(weight_store.pull_weights(card))


def test_a_proxy_of_the_environment_is_used(shop: WeightServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", shop.address)
    monkeypatch.delenv("no_proxy", raising=False)
    assert whole(weight_store.pull_weights(shop.card(url="http://weights.invalid/official.onnx")))


def test_offline_refuses_and_says_where_to_put_the_file(shop: WeightServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"network is switched off.*copy the file to .*sold\.onnx"):
        weight_store.pull_weights(shop.card())
    assert not shop.asked


def test_missing_weights_name_the_pull(shop: WeightServer) -> None:
    with pytest.raises(ModelError) as refused:
        weight_store.read_weights(shop.card(name="birefnet-general@small"))
    assert str(refused.value) == "model birefnet-general is not here; mattebox models pull birefnet-general"


def test_a_file_copied_by_hand_is_verified_and_recorded(shop: WeightServer) -> None:
    path = weight_store.weights_path(shop.card())
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    assert weight_store.verify_weights(shop.card())["sha256"] == SHA256
    assert json.loads(weight_store.record_path(path).read_bytes())["sha256"] == SHA256


def test_the_recorded_sha256_is_held_against_the_file(shop: WeightServer) -> None:
    path = weight_store.pull_weights(shop.card())
    facts = json.loads(weight_store.record_path(path).read_bytes())
    weight_store.record_path(path).write_text(json.dumps(facts | {"sha256": "0" * 64}))
    with pytest.raises(ModelError, match="sha256"):
        weight_store.read_weights(shop.card())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"sha256": "00"}'])
def test_a_broken_record_counts_for_nothing(shop: WeightServer, content: str) -> None:
    path = weight_store.pull_weights(shop.card())
    weight_store.record_path(path).write_text(content)
    assert weight_store.read_weights(shop.card()) == CONTENT


def test_only_http_addresses_are_fetched(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not an address to pull from; give one that starts with https"):
        download.download_file(tmp_path.as_uri(), tmp_path / "x", 0, lambda done, of: None)


def test_an_unwritable_home_is_named(shop: WeightServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="another folder with MATTEBOX_HOME"):
        weight_store.pull_weights(shop.card())


def test_a_model_of_two_files_is_pulled_verified_and_removed_whole(shop: WeightServer) -> None:
    """Both from one shop: the second file's name is another, its bytes are the same."""
    from mattebox.models.cards.card import Decoder
    from mattebox.models.cards.tensor_spec import Output
    from mattebox.models.store import install

    decoder = Decoder("sold.decoder.onnx", {"image_embeddings": 0}, sha256=SHA256, url=f"{shop.address}/decoder.onnx")
    card = shop.card(decoder=decoder, output=Output("points"))
    first, second = (weight_store.weights_path(file) for file in weight_store.file_cards(card))
    weight_store.pull_weights(card)
    assert whole(first)
    assert whole(second)
    assert len(shop.asked) == 2
    second.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])
    with pytest.raises(ModelError, match=r"sold\.decoder\.onnx is not the file"):
        weight_store.verify_weights(card)
    weight_store.pull_weights(card)
    assert len(shop.asked) == 3
    second.unlink()
    assert not weight_store.is_installed(card)
    weight_store.pull_weights(card)
    install.remove_model(card)
    assert not [p for p in first.parent.iterdir() if p.suffix != ".lock"]
