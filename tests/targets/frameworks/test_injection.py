"""A file full of attacks, emitted for a framework, runs as an innocent one does."""

from __future__ import annotations

import numpy as np
from attacks import (
    ATTACKS,
    JOINED,
    WORDS,
    assert_plain,
    canary,
    distinct,
    executed,
    harmless,
    network,
    quoted,
)

import proto2net
from proto2net import backends

NAMES = distinct(ATTACKS)[:-1]
USED = {
    "torch": ("nn", "torch", "F", "np", "Path", "None", "print", "conv", "super", "LSTM"),
    "tf": ("np", "keras", "layers", "ops", "tf", "math", "load", "None", "print", "AddLoss"),
}
"""What a file of each target uses."""


def test_none_of_the_attacks_is_run(target: str) -> None:
    assert_plain(executed(proto2net.convert(network(NAMES, JOINED), to=target)))


def test_loading_a_strangers_file_runs_only_what_was_rendered(target: str) -> None:
    runner = backends.get(target).runner
    graph = proto2net.parse(network(NAMES, JOINED))
    with canary():
        attacked = proto2net.load(graph, to=target)
    benign_graph = proto2net.parse(network([harmless(n) for n in NAMES], "benign"))
    benign = proto2net.load(benign_graph, to=target)
    arrays = runner.arrays(attacked).values()
    runner.install(benign, dict(zip(runner.arrays(benign), arrays, strict=True)))
    image = np.random.default_rng(1).random((2, 3, 5, 4), np.float32)
    found, right = (
        runner.run(each, its, {its.inputs[0].name: image})
        for each, its in ((attacked, graph), (benign, benign_graph))
    )
    np.testing.assert_array_equal(found[0], right[0])


def test_layers_and_networks_can_have_any_name(target: str) -> None:
    for name in WORDS:
        source = proto2net.convert(network([name, f"{name}-2"], name), to=target)
        assert_plain(executed(source))


def test_a_network_can_be_named_after_what_its_file_uses(target: str) -> None:
    net = network(["data", "conv"], quoted("x"))
    for name in USED[target]:
        executed(proto2net.convert(net, to=target, name=name))
