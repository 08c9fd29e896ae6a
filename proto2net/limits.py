"""How much a file may hold, in one place; docs/limits.md has the message of each.

Each limit is many times what the largest known network needs, and keeps what reading a file costs
in proportion to its size.
"""

TEXT_BYTES = 2**24
"""Of a prototxt; the largest known has 0.5 MB."""
DEFINITION_BYTES = 2**23
"""Of the definition in a .caffemodel, its arrays left out; the largest known has less than 1 MB."""
LAYERS = 100_000
"""Of a network, or of a file of weights."""
STRING = 1_000_000
"""Characters of a name or of any other string; no known one has 1,000."""
MESSAGES = 1_000_000
"""Messages in a prototxt, such as layers and their parameters."""
BLOBS = 10_000
"""Bottoms or tops of a layer."""
TERMS = 1000
"""Bottoms that are printed as one sum or product: Python reads no longer expression."""
VALUES = 10_000
"""Numbers of one parameter, such as slice points."""
BOXES = 1000
"""Anchors, or sizes or ratios of prior boxes, at one place of an image."""
STEPS = 10_000
"""Of a recurrent layer, or rows of a correlation's displacements, one by one in an .onnx file."""
CONSTANT = 2**27
"""Numbers of one array in an .onnx file that is known without weights, such as where pixels lie."""
PARAM_STR_DEPTH = 10
"""Sequences in each other in a param_str."""
DEPTH = 100
"""Brackets in each other in a prototxt, groups in HDF5 and protobuf, whose own limit it is."""
SKIPPED = 100_000
"""Fields of a prototxt that are passed over."""
PROBLEMS = 100
"""Told in one run; what follows is not looked at."""
HINTED_NAME = 48
"""Characters of a name that is compared with others for a hint."""
HINTED_NAMES = 500
"""Names that one is compared with."""

ARRAYS = 100
"""Of a layer in a file of weights; no known layer has more than 28."""
FIELDS = 1_000_000
"""Of one message in a .caffemodel: many values are in one field."""
PICKLE_STEPS = 1_000_000
"""Instructions of the pickle in a .npy, and parts of them; an array has less than 100."""
HEADER_BYTES = 2**24
"""Of a .safetensors file, which names and places its arrays."""

BATCH = 1_000_000
"""Images of one batch."""
LOADED = 2**28
"""Numbers of a dataset in an HDF5 file that are read at once, or of one of its chunks."""
