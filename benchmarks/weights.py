"""Times reading and converting VGG-16's weights, beside a copy of the file and other readers.

The file is made first, under the weights rule of the tests. Every way runs in a process of its
own, in turns; those that read touch every array. Exits 1 where a bar is missed.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import filled

ROUNDS = 5
ROOT = Path(__file__).parent.parent
NET = ROOT / "models" / "prototxt" / "vgg16.prototxt"

MEASURED = """
import sys, time
{imports}
path, out = sys.argv[1:]
start = time.perf_counter()
{work}
print(time.perf_counter() - start)
"""
"""A program that prints its seconds."""

COPY, RUNTIME, OURS = "cp", "protobuf ParseFromString + numpy", "proto2net.weights.read"
PORT = {target: f"to {target}'s safetensors" for target in ("torch", "tf")}
PORT["onnx"] = "to an .onnx file"

LEAST = 5.0
"""Reading is to be this many times as fast as the protobuf runtime."""
MOST = {"torch": (2.0, 150.0), "tf": (8.0, 600.0), "onnx": (2.0, 150.0)}
"""Converting may take this many times as long as `cp`, and this much anonymous memory in MB."""

WAYS = {
    COPY: ("import subprocess", "subprocess.run(['cp', path, out], check=True)"),
    RUNTIME: (
        "import numpy as np; from proto2net.caffe.schema import message_class\n"
        "kind = message_class('NetParameter')",
        "net = kind.FromString(open(path, 'rb').read())\n"
        "arrays = [np.array(b.data, np.float32) for layer in net.layer for b in layer.blobs]\n"
        "sum(float(array.max()) for array in arrays)",
    ),
    OURS: (
        "import numpy as np; from proto2net.weights.reading import read\n"
        "from proto2net.caffe import caffemodel, hdf5",
        "arrays = [stored.array for layer in read(path).layers for stored in layer.arrays]\n"
        "sum(float(array.max()) for array in arrays)",
    ),
    **{
        way: (
            "from pathlib import Path; import numpy; from proto2net import api, backends, output\n"
            "from proto2net.weights import matching, npy, reading, safetensors\n"
            "from proto2net.weights.porting import port\n"
            "from proto2net.caffe import caffemodel, hdf5, prototxt, upgrade\n"
            f"target = backends.get({target!r})",
            f"ported = port(api.model({str(NET)!r}, path), target)\n"
            "output.write(Path(out), next(iter(ported.files(Path(out)).values())))",
        )
        for target, way in PORT.items()
    },
}
"""What each way imports beforehand, and what of it is timed."""


def measure(way: str, path: Path) -> tuple[float, float, float]:
    """Seconds, and the peaks of resident and of anonymous memory in MB, of one way."""
    imports, work = WAYS[way]
    program = MEASURED.format(imports=imports, work=work)
    out = path.with_suffix(".out")
    out.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path), str(out)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    peaks = {"VmHWM": 0.0, "RssAnon": 0.0}
    while process.poll() is None:
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in peaks:
                peaks[name] = max(peaks[name], float(value.split()[0]) / 1024)
        time.sleep(0.01)
    printed, _ = process.communicate()
    if process.returncode:
        raise SystemExit(process.returncode)
    return float(printed), peaks["VmHWM"], peaks["RssAnon"]


def main() -> int:
    """Print the median of each way, and hold ours against the bars."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as folder:
        path = Path(folder) / "vgg16.caffemodel"
        filled.write(path, NET)
        print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")
        rounds = [{way: measure(way, path) for way in WAYS} for _ in range(ROUNDS)]
    seconds, anonymous = {}, {}
    print(f"{'':34}{'seconds':>10}{'of cp':>8}{'peak MB':>10}{'anonymous MB':>14}")
    for way in WAYS:
        times, peaks, held = zip(*(found[way] for found in rounds), strict=True)
        seconds[way], anonymous[way] = statistics.median(times), max(held)
        ratio = seconds[way] / seconds[COPY]
        print(f"{way:34}{seconds[way]:10.3f}{ratio:8.1f}{max(peaks):10.0f}{max(held):14.0f}")
    missed = [f"reading is less than {LEAST:g} times as fast as protobuf"]
    missed *= seconds[RUNTIME] < LEAST * seconds[OURS]
    for target, (most, memory) in MOST.items():
        way = PORT[target]
        if seconds[way] > most * seconds[COPY]:
            missed.append(f"{way} takes more than {most:g} times as long as cp")
        if anonymous[way] > memory:
            missed.append(f"{way} needs more than {memory:g} MB")
    print("\n".join(missed) or "every bar is met")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
