"""Times a whole conversion of ResNet-152, beside the start of Python with numpy and protobuf.

The two commands take turns, so that what else the machine does slows both. Exits 1 where the
conversion takes more than LIMIT times as long.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

LIMIT = 3.0
ROUNDS = 15
ROOT = Path(__file__).parent.parent
NET = "models/prototxt/resnet152.prototxt"


def seconds(command: Sequence[str]) -> float:
    """The time of one run of this command, from start to exit."""
    # Installed packages are compiled, so the checkout's modules shall be too.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
    return time.perf_counter() - start


def main() -> int:
    """Print both medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "resnet152.py")
        options = ["--to", "torch", "-o", out, "--force"]
        convert = [sys.executable, "-m", "proto2net", "convert", NET, *options]
        start = [sys.executable, "-c", "import numpy, google.protobuf.text_format"]
        seconds(start), seconds(convert)  # the first runs fill the caches
        rounds = [(seconds(start), seconds(convert)) for _ in range(ROUNDS)]
    base, ours = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = ours / base
    print(f"import numpy and protobuf   {base:.3f} s")
    print(f"convert resnet152 to torch  {ours:.3f} s")
    print(f"ratio                       {ratio:.2f} (limit {LIMIT:g})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
