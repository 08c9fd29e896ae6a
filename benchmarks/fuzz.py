"""Feeds what nobody would write to the readers and the printers, led by the code that it reaches.

    python benchmarks/fuzz.py --target text --minutes 20

needs `pip install atheris`. Nothing but Proto2NetError may come out; anything else stops the run,
and the input is left in the corpus' folder. At the end libFuzzer tells what it has done.
"""

import argparse
import logging
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "support")]

with atheris.instrument_imports(include=["proto2net"]):
    import caffemodels as write
    import h5py
    import mutants
    import numpy as np

    from proto2net import Proto2NetError, api, backends
    from proto2net.caffe import binaryproto, caffemodel, hdf5, importer, prototxt, upgrade  # noqa: F401  # to be traced
    from proto2net.weights import matching, reading
    from proto2net.weights.npy import layers as npy_layers  # noqa: F401

    TARGETS = {name: backends.get(name) for name in backends.names()}

LONGEST = 20_000
"""Bytes of an input."""


def text(data: bytes) -> None:
    """The reader of prototxt, alone."""
    for kind in ("NetParameter", "SolverParameter"):
        prototxt.read(data.decode(errors="replace"), "fuzz", kind)


def graph(data: bytes) -> None:
    """From a text over upgrades, phases and labels to a graph."""
    for phase in ("test", "train"):
        api.parse(data.decode(errors="replace") + "\n", phase=phase)


def emit(data: bytes) -> None:
    """From a text to the source of every target, which has to be Python where it should be."""
    net = api.parse(data.decode(errors="replace") + "\n")
    for target in TARGETS.values():
        try:
            source = target.emit(net).source
        except Proto2NetError:
            continue
        if target.suffix == ".py":
            compile(source, "emitted", "exec")


def weights_file(data: bytes, file: Path) -> None:
    """The readers of weights, by whatever format the bytes begin with."""
    file.write_bytes(data)
    try:
        matching.match(NET, reading.read(file), allow_missing=True)
    finally:
        for read in (lambda: binaryproto.mean(file), lambda: caffemodel.definition(file, "fuzz")):
            try:
                read()
            except Proto2NetError:
                continue


NET = api.parse(
    'name: "net" layer { name: "data" type: "Input" top: "data" input_param '
    "{ shape { dim: 1 dim: 2 dim: 5 dim: 4 } } } "
    'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param '
    "{ num_output: 3 kernel_size: 2 } } "
    'layer { name: "norm" type: "BatchNorm" bottom: "conv" top: "norm" } '
    'layer { name: "fc" type: "InnerProduct" bottom: "norm" top: "fc" inner_product_param '
    "{ num_output: 4 } }"
)
"""A network with weights of its own, which are what is changed."""


def arrays() -> dict[str, list[Any]]:
    """Weights that fit it."""
    return {
        node.name: [
            np.arange(np.prod(b.shape), dtype=np.float32).reshape(b.shape)
            for b in node.blobs.values()
        ]
        for node in NET.nodes
        if node.blobs
    }


def wire_seeds(folder: Path) -> None:
    """The arrays in every format and encoding of a .caffemodel, and definitions."""
    for encode in (write.packed, write.unpacked, write.in_pieces, write.double, write.legacy):
        blobs = {name: [encode(array) for array in found] for name, found in arrays().items()}
        for form in (write.current, write.v1, write.v0):
            (folder / f"{encode.__name__}_{form.__name__}").write_bytes(form(blobs))
    for number, good in enumerate(mutants.sources()[::10]):
        message, _ = prototxt.read(good)
        (folder / f"net_{number}").write_bytes(message.SerializeToString()[:LONGEST])


def hdf5_seeds(folder: Path) -> None:
    """The arrays as HDF5: old and new headers, plain, in chunks and compressed."""
    for version in ("earliest", "latest"):
        for options in ({}, {"chunks": True}, {"compression": "gzip"}):
            with h5py.File(folder / f"{version}_{len(str(options))}", "w", libver=version) as file:
                for name, found in arrays().items():
                    for index, array in enumerate(found):
                        file.create_dataset(f"data/{name}/{index}", data=array, **options)


def npy_seeds(folder: Path) -> None:
    """The arrays as a dictionary, in every protocol that numpy may have written."""
    import pickle

    head = folder / "head"
    content = {
        name: dict(zip(("weights", "biases"), a, strict=False)) for name, a in arrays().items()
    }
    np.save(head, np.array({}, object), allow_pickle=True)
    start = head.with_suffix(".npy").read_bytes()[:128]
    for protocol in range(5):
        pickled = pickle.dumps(np.array(content, object), protocol)
        (folder / f"protocol_{protocol}").write_bytes(start + pickled)


def text_seeds(folder: Path) -> None:
    """The good definitions that are short enough."""
    for number, good in enumerate(mutants.sources()):
        if len(good) < LONGEST:
            (folder / f"net_{number}").write_text(good)


def changed(data: bytes, longest: int, seed: int) -> bytes:
    """A text with its fields changed; one that has no fields by bytes."""
    try:
        if seed % 4:
            return mutants.changed(data.decode(), seed).encode()[:longest]
    except (StopIteration, ValueError, AssertionError, RecursionError, IndexError):
        pass
    return bytes(atheris.Mutate(data, longest))


SEEDS: dict[str, Callable[[Path], None]] = {
    **dict.fromkeys(("text", "graph", "emit"), text_seeds),
    "wire": wire_seeds,
    "hdf5": hdf5_seeds,
    "npy": npy_seeds,
}


def main() -> None:
    """Run a target for some minutes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", required=True, choices=SEEDS)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--corpus", type=Path, help="a folder to go on with")
    options = parser.parse_args()
    logging.disable()
    random.seed(0)
    folder = options.corpus or Path(tempfile.mkdtemp(prefix=f"fuzz-{options.target}-"))
    folder.mkdir(parents=True, exist_ok=True)
    SEEDS[options.target](folder)
    print(f"the corpus is in {folder}", flush=True)
    scratch = Path(tempfile.mkdtemp()) / "net.weights"
    run = {"text": text, "graph": graph, "emit": emit}.get(options.target)

    def once(data: bytes) -> None:
        try:
            if run:
                run(data)
            else:
                weights_file(data, scratch)
        except Proto2NetError:
            pass

    limits = [f"-max_total_time={round(options.minutes * 60)}", f"-max_len={LONGEST}"]
    limits += ["-timeout=30", "-rss_limit_mb=2000", "-print_final_stats=1"]
    more = {"custom_mutator": changed} if run else {}
    atheris.Setup([sys.argv[0], str(folder), f"-artifact_prefix={folder}/", *limits], once, **more)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
