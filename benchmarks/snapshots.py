"""Times a snapshot of VGG-16's training, beside a copy of its weights and its state.

The weights are made first, under the weights rule of the tests; the history of the solver has the
same values. Every way runs in a process of its own, in turns. Exits 1 where a bar is missed.
"""

import statistics
import sys
import tempfile
from pathlib import Path

import filled
import weights

ROUNDS = 3
COPY = "cp, twice"
BINARY, HDF5, RESUME = "write_snapshot", "write_snapshot in HDF5", "read_state"

MOST = {BINARY: (3.0, 150.0), HDF5: (2.0, 150.0), RESUME: (1.0, 150.0)}
"""A way may take this many times as long as the copies, and this much anonymous memory in MB."""

EMPTY = "import glob, os, sys\nfor name in glob.glob(sys.argv[2] + '_iter_1.*'): os.unlink(name)\n"
"""What is there is not replaced, which takes longer."""
MODEL = (
    "import numpy as np; from proto2net import api; from proto2net.model import learnable\n"
    "from proto2net.caffe import caffemodel, hdf5, snapshots, solverstate\n"
    "from proto2net.weights import matching, npy, reading\n"
    f"import h5py\n{EMPTY}"
    f"found = api.model({str(weights.NET)!r}, sys.argv[1])\n"
    "history = {slot: found.values[slot] for slot in learnable(found.graph)}\n"
)
WRITE = "snapshots.write_snapshot(out, 1, found.graph, found.values, [history], dict(), as_hdf5={})"
WAYS = {
    COPY: (
        f"import subprocess\n{EMPTY}",
        "[subprocess.run(['cp', path, out + '_iter_1.' + x], check=True) for x in 'ab']",
    ),
    BINARY: (MODEL, WRITE.format(False)),
    RESUME: (
        "import numpy; from proto2net.caffe.solverstate import read_state",
        "sum(float(a.max()) for a in read_state(out + '_iter_1.solverstate').history)",
    ),
    HDF5: (MODEL, WRITE.format(True)),
}
"""What each way imports and reads beforehand, and what of it is timed."""


def main() -> int:
    """Print the median of each way, and hold ours against the bars."""
    weights.WAYS = WAYS
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as folder:
        path = Path(folder) / "vgg16.caffemodel"
        filled.write(path, weights.NET)
        rounds = [{way: weights.measure(way, path) for way in WAYS} for _ in range(ROUNDS)]
    print(f"{'':26}{'seconds':>10}{'of cp':>8}{'anonymous MB':>14}")
    copy = statistics.median(found[COPY][0] for found in rounds)
    missed = []
    for way in WAYS:
        times, _, held = zip(*(found[way] for found in rounds), strict=True)
        seconds = statistics.median(times)
        print(f"{way:26}{seconds:10.3f}{seconds / copy:8.1f}{max(held):14.0f}")
        if way in MOST:
            most, memory = MOST[way]
            missed += [f"{way} takes more than {most:g} times as long"] * (seconds > most * copy)
            missed += [f"{way} needs more than {memory:g} MB"] * (max(held) > memory)
    print("\n".join(missed) or "every bar is met")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
