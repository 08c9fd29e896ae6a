"""A file full of attacks, emitted for TensorFlow, runs as an innocent one does."""

from __future__ import annotations

import contextlib
import io

import numpy as np
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
    assert_plain(executed(proto2net.convert(network(NAMES, JOINED), to="tf")))


def test_loading_a_strangers_file_runs_only_what_was_rendered() -> None:
    with canary():
        attacked = proto2net.load(network(NAMES, JOINED), to="tf")
    benign = proto2net.load(network([harmless(n) for n in NAMES], "benign"), to="tf")
    benign.set_weights(attacked.get_weights())
    image = np.random.default_rng(1).random((2, 5, 4, 3), np.float32)
    np.testing.assert_array_equal(attacked(image), benign(image))


def test_layers_and_networks_can_have_any_name() -> None:
    for name in WORDS:
        assert_plain(executed(proto2net.convert(network([name, f"{name}-2"], name), to="tf")))


def test_a_network_can_be_named_after_what_its_file_uses() -> None:
    net = network(["data", "conv"], quoted("x"))
    for name in ("np", "keras", "layers", "ops", "tf", "math", "load", "None", "print", "AddLoss"):
        executed(proto2net.convert(net, to="tf", name=name))
