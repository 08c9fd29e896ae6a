"""A file full of attacks, emitted for PyTorch, runs as an innocent one does."""

from __future__ import annotations

import contextlib
import io

import torch
from attacks import (
    ATTACKS,
    JOINED,
    WORDS,
    assert_plain,
    canary,
    distinct,
    harmless,
    network,
    quoted,
)

import proto2net

NAMES = distinct(ATTACKS)[:-1]


def executed(source: str) -> str:
    with canary(), contextlib.redirect_stdout(io.StringIO()) as out:
        code = compile(source, "emitted.py", "exec")
        exec(code, {"__name__": "__main__", "__file__": "emitted.py"})  # noqa: S102  # the test
    return out.getvalue()


def test_none_of_the_attacks_is_run() -> None:
    assert_plain(executed(proto2net.convert(network(NAMES, JOINED), to="torch")))


def test_loading_a_strangers_file_runs_only_what_was_rendered() -> None:
    with canary():
        attacked = proto2net.load(network(NAMES, JOINED), to="torch")
    benign = proto2net.load(network([harmless(n) for n in NAMES], "benign"), to="torch")
    benign.load_state_dict(attacked.state_dict())
    image = torch.rand(2, 3, 5, 4)
    torch.testing.assert_close(attacked(image), benign(image), rtol=0, atol=0)


def test_layers_and_networks_can_have_any_name() -> None:
    for name in WORDS:
        assert_plain(executed(proto2net.convert(network([name, f"{name}-2"], name), to="torch")))


def test_a_network_can_be_named_after_what_its_file_uses() -> None:
    net = network(["data", "conv"], quoted("x"))
    for name in ("nn", "torch", "F", "np", "Path", "None", "print", "conv", "super", "LSTM"):
        executed(proto2net.convert(net, to="torch", name=name))
