"""Times the forward pass of one image in every way to run it, beside OpenCV and a plain product.

Each way runs in a process of its own, and they take turns, so that what else the machine does meets
them alike. Exits 1 where compiled PyTorch takes longer than OpenCV.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import filled

ROOT = Path(__file__).parent.parent
NETWORKS = ("alexnet", "vgg16", "googlenet", "resnet50", "mobilenet", "squeezenet_v1.1")
WARMUP = 3
ROUNDS = 15
PAUSE = 0.25
"""Seconds between turns: the threads of the way before no longer look for work by then."""

COMPILED, OPENCV, OPENCV_5 = "compiled", "OpenCV", "OpenCV 5"
APART = Path(sys.prefix) / "opencv5"
"""Where OpenCV 5 is, if it is: it does not go with OpenCV 4."""

Run = Callable[[], object]


def torch_ways(definition: Path, weights: Path, way: str) -> Run:
    """A forward pass of the emitted PyTorch: as it is, channels last, or compiled."""
    import torch

    import proto2net

    graph = proto2net.parse(definition)
    network = proto2net.load(definition, to="torch", weights=weights)
    image = torch.randn(1, *graph.inputs[0].shape[1:])
    if way == "channels last":
        network = network.to(memory_format=torch.channels_last)
        image = image.to(memory_format=torch.channels_last)
    if way == COMPILED:
        torch._inductor.config.freezing = True
        network = torch.compile(network)

    def run() -> object:
        with torch.no_grad():
            return network(image)

    return run


def product(definition: Path, _weights: Path, _way: str) -> Run:
    """Products of matrices with as many multiply-adds as the network has."""
    import torch

    import proto2net

    graph = proto2net.parse(definition)
    size = 1024
    a, b = torch.randn(size, size), torch.randn(size, size)
    columns = graph.per_image(graph.macs) / size**2
    whole, rest = divmod(round(columns), size)
    part = b[:, :rest].contiguous()

    def run() -> object:
        with torch.no_grad():
            return [a @ b for _ in range(whole)] + [a @ part]

    return run


def keras(definition: Path, weights: Path, _way: str) -> Run:
    """A forward pass of the emitted Keras model as a tf.function, as predict runs it."""
    import tensorflow as tf

    import proto2net

    graph = proto2net.parse(definition)
    _, channels, height, width = graph.inputs[0].shape
    network = proto2net.load(definition, to="tf", weights=weights)
    image = tf.random.normal((1, height, width, channels))
    function = tf.function(network)
    return lambda: function(image).numpy()


def opencv(definition: Path, weights: Path, _way: str) -> Run:
    """A forward pass of OpenCV's own importer of Caffe's files, which OpenCV 5 no longer has."""
    import cv2
    import numpy as np

    import proto2net

    shape = (1, *proto2net.parse(definition).inputs[0].shape[1:])
    network = cv2.dnn.readNetFromCaffe(str(definition), str(weights))
    image = np.random.default_rng(0).standard_normal(shape, np.float32)

    def run() -> object:
        network.setInput(image)
        return network.forward()

    return run


def onnx(definition: Path, weights: Path, _way: str) -> Run:
    """A forward pass of the .onnx file in onnxruntime."""
    import numpy as np

    import proto2net

    network = proto2net.load(definition, to="onnx", weights=weights)
    image = np.random.default_rng(0).standard_normal(_shape(definition), np.float32)
    return lambda: network(image)


def opencv_5(definition: Path, weights: Path, _way: str) -> Run:
    """A forward pass of the .onnx file in OpenCV 5."""
    import cv2
    import numpy as np

    import proto2net

    file = weights.with_suffix(".onnx")
    proto2net.save(definition, weights, to="onnx", out=file, overwrite=True)
    network = cv2.dnn.readNetFromONNX(str(file))
    image = np.random.default_rng(0).standard_normal(_shape(definition), np.float32)

    def run() -> object:
        network.setInput(image)
        return network.forward()

    return run


def _shape(definition: Path) -> tuple[int, ...]:
    import proto2net

    return (1, *proto2net.parse(definition).inputs[0].shape[1:])


WAYS: dict[str, Callable[[Path, Path, str], Run]] = {
    "product": product,
    OPENCV: opencv,
    "eager": torch_ways,
    "channels last": torch_ways,
    COMPILED: torch_ways,
    "Keras": keras,
    "onnxruntime": onnx,
}
if APART.exists():
    WAYS[OPENCV_5] = opencv_5


def work(way: str, definition: str, weights: str) -> None:
    """Run the way once for each line that is read, and print the milliseconds."""
    run = WAYS[way](Path(definition), Path(weights), way)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print((time.perf_counter() - start) * 1000, flush=True)


@contextmanager
def worker(way: str, definition: Path, weights: Path) -> Iterator[Callable[[], float]]:
    """A process for a way; calling it gives the milliseconds of one run."""
    command = [sys.executable, __file__, way, str(definition), str(weights)]
    pipe, env = subprocess.PIPE, dict(os.environ)
    if way == OPENCV_5:
        env["PYTHONPATH"] = str(APART)
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env) as process:

        def turn() -> float:
            process.stdin.write("\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        yield turn
        process.stdin.close()


def measure(name: str, folder: Path) -> dict[str, float]:
    """The median milliseconds of each way for a network of models/."""
    definition = ROOT / "models" / "prototxt" / f"{name}.prototxt"
    weights = folder / f"{name}.caffemodel"
    filled.write(weights, definition)
    with ExitStack() as stack:
        turns = {way: stack.enter_context(worker(way, definition, weights)) for way in WAYS}
        for turn in turns.values():
            for _ in range(WARMUP):
                turn()
        rounds: list[dict[str, float]] = []
        for _ in range(ROUNDS):
            found = {}
            for way, turn in turns.items():
                time.sleep(PAUSE)
                found[way] = turn()
            rounds.append(found)
    weights.unlink()
    return {way: statistics.median(found[way] for found in rounds) for way in WAYS}


def main(names: Sequence[str]) -> int:
    """Print a row a network: the median milliseconds of each way."""
    print(f"{'ms an image':18}" + "".join(f"{way:>15}" for way in WAYS))
    slow = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            found = measure(name, Path(folder))
            print(f"{name:18}" + "".join(f"{found[way]:15.1f}" for way in WAYS), flush=True)
            if found[COMPILED] > found[OPENCV]:
                slow.append(name)
    print(f"compiled is slower than OpenCV: {', '.join(slow) or 'nowhere'}")
    return bool(slow)


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in WAYS:
        work(*sys.argv[1:4])
    else:
        sys.exit(main(sys.argv[1:] or NETWORKS))
