"""Times reading VGG-16's weights, beside a copy of the file and the protobuf runtime.

The file is made first, under the weights rule of the tests. Every way runs in a process of its
own, in turns, and touches every array. Exits 1 where ours is less than LIMIT times as fast as the
runtime.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT = 5.0
ROUNDS = 5
ROOT = Path(__file__).parent.parent
NET = ROOT / "models" / "prototxt" / "vgg16.prototxt"

MEASURED = """
import resource, sys, time
{imports}
path = sys.argv[1]
start = time.perf_counter()
{work}
seconds = time.perf_counter() - start
status = dict(line.split(":") for line in open("/proc/self/status"))
print(seconds, status["VmHWM"].split()[0], status["RssAnon"].split()[0])
"""
"""A program that prints its seconds, its peak of resident memory, and what of it no file backs."""

WAYS = {
    "cp": ("import shutil", "shutil.copyfile(path, path + '.copy')"),
    "protobuf ParseFromString + numpy": (
        "import numpy as np; from proto2net.caffe.schema import message_class\n"
        "kind = message_class('NetParameter')",
        "net = kind.FromString(open(path, 'rb').read())\n"
        "arrays = [np.array(b.data, np.float32) for layer in net.layer for b in layer.blobs]\n"
        "sum(float(array.max()) for array in arrays)",
    ),
    "proto2net.weights.read": (
        "import numpy as np; from proto2net import npy; from proto2net.weights import read\n"
        "from proto2net.caffe import caffemodel, hdf5",
        "arrays = [stored.array for layer in read(path).layers for stored in layer.arrays]\n"
        "sum(float(array.max()) for array in arrays)",
    ),
}
"""What each way imports beforehand, and what of it is timed."""


def make(path: Path) -> None:
    """Write the weights of VGG-16 as Caffe would."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from caffemodels import length, packed
    from golden.weights_rule import fill

    import proto2net

    with path.open("wb") as file:
        file.write(length(1, "vgg16"))
        for node in proto2net.parse(NET).nodes:
            layer = length(1, node.name) + length(2, node.layer.type)
            for index, learned in enumerate(node.blobs.values()):
                array = fill("vgg16", node.name, node.layer.type, index, learned.shape)
                layer += length(7, packed(array))
            file.write(length(100, layer))


def measure(way: str, path: Path) -> tuple[float, float, float]:
    """Seconds, peak resident memory and anonymous memory (both in MB) of one way."""
    imports, work = WAYS[way]
    program = MEASURED.format(imports=imports, work=work)
    printed = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    ).stdout
    seconds, peak, anonymous = map(float, printed.split())
    return seconds, peak / 1024, anonymous / 1024


def main() -> int:
    """Print the median of each way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vgg16.caffemodel"
        make(path)
        print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")
        rounds = [{way: measure(way, path) for way in WAYS} for _ in range(ROUNDS)]
    seconds = {}
    print(f"{'':34}{'seconds':>10}{'peak MB':>10}{'anonymous MB':>14}")
    for way in WAYS:
        times, peaks, anonymous = zip(*(found[way] for found in rounds), strict=True)
        seconds[way] = statistics.median(times)
        print(f"{way:34}{seconds[way]:10.3f}{max(peaks):10.0f}{max(anonymous):14.0f}")
    _, runtime, ours = seconds.values()
    print(f"ours is {runtime / ours:.1f} times as fast as protobuf (limit {LIMIT:g})")
    return int(runtime / ours < LIMIT)


if __name__ == "__main__":
    sys.exit(main())
