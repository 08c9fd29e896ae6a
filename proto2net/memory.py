"""Which blobs are the same memory in Caffe, and what layers in place overwrite in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from proto2net.errors import Issue

if TYPE_CHECKING:
    from proto2net.graph import Blob, Node
    from proto2net.layers.base import Layer


class Memory:
    """Which blobs are the same memory in Caffe, and which of them a layer in place overwrites.

    Some layers copy nothing: their tops are the memory of their bottom. Of each blob is kept
    whose memory it is, and how often that had been overwritten when the blob was made.
    """

    def __init__(self) -> None:
        self._held: dict[Blob, tuple[Blob, int]] = {}
        self._writers: dict[Blob, list[Node[Layer]]] = {}

    def add(self, node: Node[Layer]) -> None:
        """Note where the tops of a node are."""
        shapes = tuple(blob.shape for blob in node.bottoms)
        for index, top in enumerate(node.tops):
            if index < len(node.bottoms) and node.bottoms[index].name == top.name:
                memory, _ = self._held[node.bottoms[index]]
                self._writers[memory].append(node)
            elif node.layer.shares_memory(shapes, len(node.tops)):
                memory, _ = self._held[node.bottoms[0]]
            else:
                memory = top
                self._writers[memory] = []
            self._held[top] = memory, len(self._writers[memory])

    def holder(self, blob: Blob) -> Blob:
        """The blob whose memory a blob is: the first that stood there."""
        return self._held[blob][0]

    def is_shared(self, blob: Blob, other: Blob) -> bool:
        """Whether two blobs are the same memory."""
        return self._held[blob][0] == self._held[other][0]

    def writer(self, blob: Blob) -> Node[Layer] | None:
        """The layer that overwrote this blob under another name; the last, if several did."""
        memory, before = self._held[blob]
        return self._writers[memory][-1] if len(self._writers[memory]) > before else None

    def lost(self, blobs: Iterable[Blob], why: str) -> list[Issue]:
        """The messages about blobs that are overwritten, though they are wanted."""
        issues = []
        for blob in dict.fromkeys(blobs):
            writer = self.writer(blob)
            if writer is not None:
                overwritten = next(top.name for top in writer.tops if self.is_shared(top, blob))
                issues.append(
                    Issue(
                        f'runs in place on "{overwritten}", and so in Caffe overwrites '
                        f'"{blob.name}", the same memory, which {why}',
                        "give its top a name of its own",
                        writer.where,
                        str(writer),
                    )
                )
        return issues
