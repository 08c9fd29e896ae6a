"""Times whole conversions beside the start of Python with numpy and protobuf.

What counts is the time of the processor, and the commands take turns, so that what else the
machine does counts little. Exits 1 where a conversion takes more than its limit times as long.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

LIMITS = {"lenet": 1.7, "resnet152": 2.2}
ROUNDS = 15
ROOT = Path(__file__).parent.parent
START = [sys.executable, "-c", "import numpy, google.protobuf.text_format"]


def seconds(command: Sequence[str]) -> float:
    """The time that the processor gave to one run of this command, from start to exit."""
    # Installed packages are compiled, so the checkout's modules shall be too.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def convert(name: str, folder: str) -> list[str]:
    """The command that converts a network of models/."""
    options = ["--to", "torch", "-o", str(Path(folder) / f"{name}.py"), "--force"]
    return [
        *(sys.executable, "-m", "proto2net", "convert"),
        *(f"models/prototxt/{name}.prototxt", *options),
    ]


def main() -> int:
    """Print each median, and the median ratio of a round."""
    with tempfile.TemporaryDirectory() as folder:
        commands = [START, *(convert(name, folder) for name in LIMITS)]
        for command in commands:
            seconds(command)  # the first run fills the caches
        rounds = [[seconds(command) for command in commands] for _ in range(ROUNDS)]
    base, *ours = zip(*rounds, strict=True)
    print(f"import numpy and protobuf   {statistics.median(base):.3f} s")
    slow = False
    for (name, limit), times in zip(LIMITS.items(), ours, strict=True):
        ratio = statistics.median(t / b for t, b in zip(times, base, strict=True))
        slow |= ratio > limit
        print(
            f"{f'convert {name} to torch':27} {statistics.median(times):.3f} s, "
            f"ratio {ratio:.2f} (limit {limit:g})"
        )
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
