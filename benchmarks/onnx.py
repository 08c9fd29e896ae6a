"""Times `proto2net convert --to onnx` of ResNet-50 with its weights, beside a copy of these.

All are whole commands and take turns. A network of the same layers with few channels says what is
no matter of the weights: the start of the program, and reading and writing the graph. What the
weights add may take so many times as long as the copy; exits 1 where it takes longer. LeNet says
what the graph adds.
"""

import re
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


def narrow(definition: str) -> str:
    """The same layers with a sixteenth of the channels."""
    return re.sub(
        r"(num_output: )(\d+)", lambda found: f"{found[1]}{max(1, int(found[2]) // 16)}", definition
    )


def main() -> int:
    """Print the median of each command, and the ratios."""
    whole = (MODELS / "resnet50.prototxt").read_text()
    definitions = {
        "lenet": (MODELS / "lenet.prototxt").read_text(),
        "narrow": narrow(whole),
        "resnet50": whole,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands, outs = {}, {"cp": folder / "copy"}
        for net, text in definitions.items():
            definition, weights = folder / f"{net}.prototxt", folder / f"{net}.caffemodel"
            definition.write_text(text)
            filled.write(weights, definition)
            outs[net] = folder / f"{net}.onnx"
            options = ["--weights", str(weights), "--to", "onnx", "-o", str(outs[net])]
            commands[net] = [*CONVERT, str(definition), *options]
        commands["cp"] = ["cp", str(weights), str(outs["cp"])]
        rounds = [
            {way: seconds(each, outs[way]) for way, each in commands.items()} for _ in range(ROUNDS)
        ]
    found = {way: statistics.median(each[way] for each in rounds) for way in commands}
    weights, graph = (
        (found[more] - found[less]) / found["cp"]
        for more, less in (("resnet50", "narrow"), ("narrow", "lenet"))
    )
    print("  ".join(f"{way} {each:.3f} s" for way, each in found.items()))
    print(f"the weights of ResNet-50: {weights:.1f} x cp (limit {MOST:g}); its graph: {graph:.1f}")
    return weights > MOST


if __name__ == "__main__":
    sys.exit(main())
