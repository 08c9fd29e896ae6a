"""What a report calls layers and blobs, and what it shows of the words and messages about them."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable

from proto2net.auditing.files import name_of
from proto2net.reporting.quoting import HIDDEN, Entry, Text, Word

_LONGEST = 60
"""Of a name so many characters are shown."""
_BEGINNING = 24
"""A hidden text is known by so many of its characters: messages may cut it."""
_LEAST = 4
"""A shorter text is in too many words to be hidden in messages."""
_TEXTS = ("string", "path")
_OPTION = re.compile(r"--(?:input|output|holes) ")
_PLACE = re.compile(r"^([^\n\"]*?):(?=\d+: )")


def cut(text: str, longest: int = _LONGEST) -> str:
    """A text, or its beginning and how long it is."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


class Names:
    """The names of a text: those of `told` entries as they are, the others by number."""

    def __init__(
        self,
        text: Text,
        told: Iterable[Entry],
        layers: Collection[str] = (),
        blobs: Collection[str] = (),
    ) -> None:
        self._new: dict[str, dict[str, str]] = {"layer": {}, "blob": {}, "parameter": {}}
        for word in text.words:
            self._number(word.role, word.content)
        for name in layers:
            self._number("layer", name)
        for name in blobs:
            self._number("blob", name)
        for entry in told:
            for word in entry.words:
                if word.role:
                    self._new[word.role][word.content] = cut(word.content)
        hidden = {word.content for word in text.words if word.is_hidden and word.kind in _TEXTS}
        self._hidden = [each for each in hidden if len(each) >= _LEAST]

    def _number(self, role: str, name: str) -> None:
        if role and name:
            self._new[role].setdefault(name, f"{role}{len(self._new[role]) + 1}")

    def tell(self, role: str, names: Iterable[str]) -> None:
        """Show these names as they are."""
        self._new[role] |= {name: cut(name) for name in names}

    def layer(self, name: str) -> str:
        """What a layer is called."""
        return self._new["layer"].get(name, name)

    def blob(self, name: str) -> str:
        """What a blob is called."""
        return self._new["blob"].get(name, name)

    def shown(self, word: Word) -> str:
        """A word of the text as it is quoted."""
        if word.is_hidden:
            breaks = "\n" * word.text.count("\n")  # lines stay where they are
            return (HIDDEN if word.kind == "other" else f'"{HIDDEN}"') + breaks
        new = self._new[word.role].get(word.content, "") if word.role else cut(word.content)
        return word.text if new == word.content or not new else f'"{new}"'

    def said(self, sentence: str) -> str:
        """A message or a note, with the names of the report and without hidden texts."""
        for each in sorted(self._hidden, key=len, reverse=True):
            if (known := each[:_BEGINNING]) in sentence:
                rest = r"[^\s\"]*" if len(each) > _BEGINNING else ""
                sentence = sentence.replace(each, HIDDEN)
                sentence = re.sub(re.escape(known) + rest, HIDDEN, sentence)
        return self._in_options(self._in_quotes(sentence))

    def _in_quotes(self, sentence: str) -> str:
        for role in ("layer", "blob"):  # what has a quote itself
            for name, new in self._new[role].items():
                if '"' in name and name in sentence:
                    sentence = sentence.replace(name, new.replace('"', "'"))

        def renamed(found: re.Match[str]) -> str:
            first, second = ("layer", "blob") if found[1] else ("blob", "layer")
            name = found[2]
            for role in (first, second, "parameter"):
                if name in self._new[role]:
                    return f'{found[1] or ""}"{self._new[role][name]}"'
            return found[0]

        return re.sub(r"(layer )?\"([^\"\n]*)\"", renamed, sentence)

    def _in_options(self, sentence: str) -> str:
        parts, at = [], 0
        for option in _OPTION.finditer(sentence):
            rest = sentence[option.end() :]
            known = [name for name in self._new["blob"] if rest.startswith(name)]
            if known and option.end() >= at:
                name = max(known, key=len)
                parts += [sentence[at : option.end()], self._new["blob"][name]]
                at = option.end() + len(name)
        return "".join([*parts, sentence[at:]])


def without_folders(sentence: str, paths: Collection[str]) -> str:
    """A sentence that names files without their folders: these files, and what lies near them."""
    for path in sorted(filter(None, paths), key=len, reverse=True):
        sentence = sentence.replace(path, name_of(path) or path)
    sentence = _PLACE.sub(lambda found: f"{name_of(found[1])}:", sentence)
    for folder in _folders(paths):
        alone = "" if os.path.isabs(folder) else r"(?<![\w\"/\\])"
        inside = r"[/\\](?:[^\s\"':;,]*[/\\])?"
        sentence = re.sub(alone + re.escape(folder) + inside, "", sentence)
    return sentence


def _folders(paths: Collection[str]) -> list[str]:
    """Folders that say whose machine this is."""
    found = {os.path.expanduser("~"), os.getcwd()}
    for path in paths:
        found |= {os.path.dirname(path), os.path.dirname(os.path.abspath(path))}
        found.add(os.path.dirname(os.path.realpath(path)))
    return sorted((each for each in found if len(each) > 1), key=len, reverse=True)
