"""Pulling weights: interrupted, corrupted, raced and refused; a file under its final name is complete."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.store import download, weight_files, weight_store
from mattebox.models.store.pull import pull_weights
from tests.models.weight_server import CONTENT, SHA256, WeightServer, serve_weights

PULL = """
import sys, msgspec
from mattebox.models.store.pull import pull_weights
from mattebox.models.cards.card import Card
pull_weights(msgspec.json.decode(sys.argv[1], type=Card))
"""


def start_pull(card: Card) -> subprocess.Popen[bytes]:
    """Start a pull in a process of its own."""
    return subprocess.Popen([sys.executable, "-c", PULL, msgspec.json.encode(card).decode()], stderr=subprocess.PIPE)


def is_complete(path: Path) -> bool:
    return path.read_bytes() == CONTENT


def test_a_pull_verifies_names_and_records(server: WeightServer) -> None:
    calls: list[tuple[int, int | None]] = []
    path = pull_weights(server.card(), lambda done, of: calls.append((done, of)))
    assert is_complete(path)
    assert calls[0] == (0, len(CONTENT))
    assert calls[-1] == (len(CONTENT), len(CONTENT))
    assert json.loads(weight_files.record_path(path).read_bytes())["sha256"] == SHA256
    assert sorted(p.name for p in path.parent.iterdir()) == ["sold.onnx", "sold.onnx.json", "sold.onnx.lock"]


def test_installed_weights_are_not_pulled_again(server: WeightServer) -> None:
    pull_weights(server.card())
    pull_weights(server.card())
    assert len(server.range_headers) == 1


@pytest.mark.parametrize("percent", [1, 37, 99])
def test_a_killed_pull_is_resumed(server: WeightServer, percent: int) -> None:
    server.hang_after = len(CONTENT) * percent // 100
    child = start_pull(server.card())
    part = weight_files.partial_path(weight_files.weights_path(server.card()))
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size):
        assert time.monotonic() < deadline
        assert child.poll() is None, child.stderr.read() if child.stderr else ""
        time.sleep(0.01)
    child.kill()
    child.communicate()
    assert not weight_files.weights_path(server.card()).exists()
    server.resume.set()
    server.hang_after = None
    had = part.stat().st_size
    assert 0 < had <= len(CONTENT) * percent // 100
    assert is_complete(pull_weights(server.card()))
    assert server.range_headers == [None, f"bytes={had}-"]


@pytest.mark.parametrize("percent", [1, 37, 99])
def test_a_broken_connection_is_retried(server: WeightServer, percent: int) -> None:
    server.breaks = [len(CONTENT) * percent // 100]
    assert is_complete(pull_weights(server.card()))
    assert server.range_headers == [None, f"bytes={len(CONTENT) * percent // 100}-"]


def test_a_connection_that_brings_nothing_is_given_up(server: WeightServer) -> None:
    server.breaks = [1_000_000] + [0] * download.MAX_STALLED_RETRIES
    with pytest.raises(
        ModelError, match=r"ended after 1,000,000 of 3,000,000 bytes; check the network .*the download resumes"
    ):
        pull_weights(server.card())
    assert is_complete(pull_weights(server.card()))
    assert server.range_headers[-1] == "bytes=1000000-"


def test_a_flipped_byte_in_the_partial_file_is_downloaded_again(server: WeightServer) -> None:
    part = weight_files.partial_path(weight_files.weights_path(server.card()))
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:2_000_000])
    assert is_complete(pull_weights(server.card()))
    assert server.range_headers == ["bytes=2000000-", None]


def test_a_flipped_byte_from_the_server_never_gets_the_final_name(server: WeightServer) -> None:
    card = server.card()
    server.content = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    with pytest.raises(ModelError, match=r"not the file the card of sold describes \(md5 .*nothing was kept"):
        pull_weights(card)
    assert not weight_files.is_installed(card)
    assert not weight_files.partial_path(weight_files.weights_path(card)).exists()


def test_a_server_without_range_sends_all_again(server: WeightServer) -> None:
    server.has_ranges, server.breaks = False, [1_000_000]
    assert is_complete(pull_weights(server.card()))


def test_a_server_without_range_that_never_comes_further_is_given_up(server: WeightServer) -> None:
    server.has_ranges, server.breaks = False, [1_000_000, 500_000] * 9
    with pytest.raises(ModelError, match="check the network"):
        pull_weights(server.card())
    assert len(server.range_headers) == 1 + download.MAX_STALLED_RETRIES


def test_a_server_that_announces_no_length(server: WeightServer) -> None:
    server.has_length = False
    assert is_complete(pull_weights(server.card(bytes=0)))


def test_a_complete_partial_file_is_only_renamed(server: WeightServer) -> None:
    part = weight_files.partial_path(weight_files.weights_path(server.card()))
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT)
    assert is_complete(pull_weights(server.card(bytes=0)))
    assert server.range_headers == [f"bytes={len(CONTENT)}-"]


def test_a_partial_file_that_is_too_long_is_deleted(server: WeightServer) -> None:
    part = weight_files.partial_path(weight_files.weights_path(server.card()))
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT + b"more")
    assert is_complete(pull_weights(server.card(bytes=0)))


@pytest.mark.parametrize("size", [2_999_999, 3_000_001])
def test_another_size_is_refused_before_the_download(server: WeightServer, size: int) -> None:
    with pytest.raises(ModelError, match=rf"3,000,000 bytes where the card says {size:,}"):
        pull_weights(server.card(bytes=size))


def test_more_than_announced_by_the_card_is_refused(server: WeightServer) -> None:
    server.has_length = False
    with pytest.raises(ModelError, match="more than the 2,000,000 bytes expected"):
        pull_weights(server.card(bytes=2_000_000))


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (503, 2)])
def test_refusals_last_and_failures_pass(server: WeightServer, status: int, tries: int) -> None:
    server.statuses = [status]
    if tries == 1:
        with pytest.raises(ModelError, match=rf"refused \({status} .*MATTEBOX_MIRROR"):
            pull_weights(server.card())
    else:
        assert is_complete(pull_weights(server.card()))
    assert len(server.range_headers) == tries


def test_a_server_that_is_not_there(home: Path) -> None:
    with serve_weights(CONTENT) as gone:
        card = gone.card()
    with pytest.raises(ModelError, match=r"official\.onnx: cannot be reached \(.*refused.*\); check the network"):
        pull_weights(card)


def test_a_disk_error_is_not_retried(server: WeightServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.os, "fsync", full)
    with pytest.raises(
        ModelError, match=r"cannot be written \(No space left.*free some space.*what was downloaded is kept"
    ):
        pull_weights(server.card())
    assert len(server.range_headers) == 1


def test_two_processes_racing_end_with_one_good_file(server: WeightServer) -> None:
    server.hang_after = 1_000_000
    children = [start_pull(server.card()) for _ in range(2)]
    deadline = time.monotonic() + 20
    while not server.range_headers:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    server.hang_after = None
    server.resume.set()
    for child in children:
        _, told = child.communicate(timeout=30)
        assert child.returncode == 0, told
    assert is_complete(weight_files.weights_path(server.card()))
    assert server.range_headers.count(None) == 1


def test_a_mirror_replaces_the_official_address(server: WeightServer, monkeypatch: pytest.MonkeyPatch) -> None:
    card = server.card(url="https://nowhere.invalid/official.onnx")
    monkeypatch.setenv("MATTEBOX_MIRROR", server.address + "/")
    assert weight_files.download_url(card) == f"{server.address}/sold.onnx"
    assert is_complete(pull_weights(card))


def test_a_proxy_of_the_environment_is_used(server: WeightServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.delenv("no_proxy", raising=False)
    assert is_complete(pull_weights(server.card(url="http://weights.invalid/official.onnx")))


def test_offline_refuses_and_says_where_to_put_the_file(server: WeightServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"downloads are off.*copy the file to .*sold\.onnx"):
        pull_weights(server.card())
    assert not server.range_headers


def test_only_http_addresses_are_fetched(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not an address to pull from; give one that starts with https"):
        download.download_file(tmp_path.as_uri(), tmp_path / "x", 0, lambda done, of: None)


def test_an_unwritable_home_is_named(server: WeightServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="another folder with MATTEBOX_HOME"):
        pull_weights(server.card())


def test_a_model_of_two_files_is_pulled_verified_and_removed_whole(server: WeightServer) -> None:
    """Both from one server: the second file's name is another, its bytes are the same."""
    from mattebox.models.cards.card import Decoder
    from mattebox.models.cards.tensor_spec import Output
    from mattebox.models.store import install

    decoder = Decoder("sold.decoder.onnx", {"image_embeddings": 0}, sha256=SHA256, url=f"{server.address}/decoder.onnx")
    card = server.card(decoder=decoder, output=Output("points"))
    first, second = (weight_files.weights_path(file) for file in weight_files.file_cards(card))
    pull_weights(card)
    assert is_complete(first)
    assert is_complete(second)
    assert len(server.range_headers) == 2
    second.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])
    with pytest.raises(ModelError, match=r"sold\.decoder\.onnx is not the file"):
        weight_store.verify_weights(card)
    pull_weights(card)
    assert len(server.range_headers) == 3
    second.unlink()
    assert not weight_files.is_installed(card)
    pull_weights(card)
    install.remove_model(card)
    assert not [p for p in first.parent.iterdir() if p.suffix != ".lock"]
