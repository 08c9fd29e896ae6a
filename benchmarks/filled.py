"""A caffemodel for any definition, with weights under the rule of the tests."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def write(path: Path, definition: Path) -> None:
    """Write weights for a definition as Caffe would."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "support")]
    from caffemodels import length, packed
    from golden.weights_rule import fill

    import proto2net

    with path.open("wb") as file:
        file.write(length(1, definition.stem))
        for node in proto2net.parse(definition).nodes:
            layer = length(1, node.name) + length(2, node.layer.type)
            for index, learned in enumerate(node.blobs.values()):
                array = fill(definition.stem, node.name, node.layer.type, index, learned.shape)
                layer += length(7, packed(array))
            file.write(length(100, layer))
