"""Times `proto2net convert --to onnx` of ResNet-50 with its weights, beside a copy of these.

Both are whole commands and take turns. What is left of a conversion without the start of the
program, which is that of a small network, may take so many times as long as the copy. Exits 1 where
it takes longer.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import filled

MOST = 3.0
ROUNDS = 9
MODELS = Path(__file__).parent.parent / "models" / "prototxt"
CONVERT = [sys.executable, "-m", "proto2net", "convert"]


def seconds(command: Sequence[str], out: Path) -> float:
    """How long one run of a command takes, which writes a file that is not there yet.

    To replace one takes longer: what is new has to be on the disk before the old one goes.
    """
    out.unlink(missing_ok=True)
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> int:
    """Print the median of each command, and the ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands, outs = {}, {"cp": folder / "copy"}
        for net in ("lenet", "resnet50"):
            definition, weights = MODELS / f"{net}.prototxt", folder / f"{net}.caffemodel"
            filled.write(weights, definition)
            outs[net] = folder / f"{net}.onnx"
            options = ["--weights", str(weights), "--to", "onnx", "-o", str(outs[net])]
            commands[net] = [*CONVERT, str(definition), *options]
        commands["cp"] = ["cp", str(weights), str(outs["cp"])]
        rounds = [
            {way: seconds(each, outs[way]) for way, each in commands.items()} for _ in range(ROUNDS)
        ]
    found = {way: statistics.median(each[way] for each in rounds) for way in commands}
    ratio = (found["resnet50"] - found["lenet"]) / found["cp"]
    print("  ".join(f"{way} {each:.3f} s" for way, each in found.items()))
    print(f"ResNet-50 without the start of the program: {ratio:.1f} x cp (limit {MOST:g})")
    return ratio > MOST


if __name__ == "__main__":
    sys.exit(main())
