"""Where the files are that a definition names.

Caffe's paths begin in the folder that it is run from. In most definitions that is Caffe's own,
some folders above the definition.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from proto2net import plain
from proto2net.errors import DataError

FOLDERS = 8
"""From how many folders above a definition its paths may begin."""


class Places:
    """The folders that paths may begin in, the likeliest first."""

    def __init__(self, file: str, root: str | Path | None) -> None:
        folder = Path(file).parent
        above = folder.absolute().parents[:FOLDERS] if Path(file).is_file() else ()
        self._root = root
        self._folders = [Path(root)] if root is not None else [Path(), folder, *above]
        self._told: set[Path] = set()

    def folder(self, path: str) -> Path:
        """The folder that this path begins in. Raises DataError if it leads nowhere."""
        if not path:
            raise DataError("source is missing", "it is the path of the data")
        for folder in self._folders:
            try:
                found = (folder / path).exists()
            except (OSError, ValueError):  # a name that no file can have
                continue
            if found:
                self._tell(folder, path)
                return folder
        hint = "give --root FOLDER if its paths are relative to another folder"
        seen = "looked in this folder, beside the definition and above it"
        if self._root is not None:
            seen, hint = f"looked in the root, {self._root}", ""
        if os.path.isabs(path):
            seen, hint = (
                "the path is absolute",
                "give a relative path, and --root FOLDER",
            )
        raise DataError(f'"{path[:200]}" is not there: {seen}', hint)

    def path(self, path: str) -> Path:
        """The file or folder of this path, which is no device."""
        found = self.folder(path) / path
        if plain.is_special(found):
            raise DataError(f"{found}: {plain.SPECIAL}")
        return found

    def _tell(self, folder: Path, path: str) -> None:
        """Say once if paths begin in another folder than the current one."""
        known = self._root is not None or folder in (Path(), *self._told)
        if not known and not os.path.isabs(path):
            self._told.add(folder)
            logging.getLogger("proto2net").info(f'took "{path}" from {folder}')
