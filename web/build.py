"""Puts the page together in web/dist, with Pyodide and proto2net as it is in this checkout.

`python web/build.py`, then `python -m http.server -d web/dist`, or any other server of files. It
needs node and npm. What it fetches is checked, and kept in web/.fetched.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from proto2net import picture
from proto2net.picture.svg import style

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent
PACKAGE = ROOT / "proto2net"
FETCHED = WEB / ".fetched"

PYODIDE = "pyodide@314.0.7"
PYODIDE_HASH = (
    "0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="
)
PROTOBUF = "protobuf==7.36.2"
PROTOBUF_HASH = (
    "VT3cgndXrzIRVFF4+f5/Gsr5p+val4sy5ecPe1P5fmX/19Xa+/uowoq2mAtIkswX1uln7/2PBD6KZhNjKer0Sw=="
)

OF_PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
"""The files of Pyodide that a page needs."""

OF_THE_PAGE = (".html", ".css", ".js", ".mjs", ".svg")
NOT_OF_THE_PAGE = ("keep.js", "picture.html", "compare.html", "snapshot.mjs")

PICTURE = (*(f"picture/{name}" for name in picture.SCRIPTS), "picture/view.css")
COMPARISON = ("differ/diff.css", "differ/diff.js")
"""What `proto2net view` and `proto2net diff` put into their pages."""

TRIED = ("lenet", "googlenet", "mobilenet", "resnet50")
"""Of models/: what is converted before the snapshot, so that what they import is in it."""


NOT_FETCHED = 3
"""The exit code where what others make cannot be fetched, as without a network."""


class NotFetched(Exception):
    """What is needed could not be fetched."""


def main() -> int:
    """Build, and print what each part weighs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=WEB / "dist", help="the folder to write")
    out: Path = parser.parse_args().out
    try:
        build(out)
    except NotFetched as error:
        print(f"web/build.py: {error}", file=sys.stderr)
        return NOT_FETCHED
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        print(f"web/build.py: {error}", file=sys.stderr)
        return 1
    sizes = {path: path.stat().st_size for path in files(out)}
    for path, size in sorted(sizes.items(), key=lambda each: -each[1])[:6]:
        print(f"{size / 1e6:6.2f} MB  {path.relative_to(out)}")
    print(f"{sum(sizes.values()) / 1e6:6.2f} MB  {out}, {len(sizes)} files")
    return 0


def build(out: Path) -> None:
    """The page in a folder, in the place of what was there."""
    pyodide = unpacked(fetched_pyodide())
    with TemporaryDirectory(dir=out.parent) as temporary:
        made = Path(temporary) / "dist"
        made.mkdir()
        for path in WEB.iterdir():
            if path.suffix in OF_THE_PAGE and path.name not in NOT_OF_THE_PAGE:
                shutil.copy(path, made)
        shutil.copyfile(PACKAGE / "page" / "style.css", made / "page.css")
        _frame(made / "picture", "picture", ["page/page.js", *PICTURE])
        (made / "picture" / "net.css").write_text(style(), encoding="utf-8")
        _frame(made / "compare", "compare", COMPARISON)
        (made / "pyodide").mkdir()
        for name in OF_PYODIDE:
            shutil.copyfile(pyodide / name, made / "pyodide" / name)
        lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
        lock["packages"] = {}  # none of Pyodide's own: its parts of Python are all that is used
        (made / "pyodide" / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
        _examples(made / "examples")
        with TemporaryDirectory() as folder:
            _python(Path(folder))
            _pack(Path(folder), made / "python.tar.gz")
        _snapshot(pyodide, made)
        _keep(made)
        shutil.rmtree(out, ignore_errors=True)
        made.rename(out)


def files(folder: Path) -> Iterator[Path]:
    """The files below a folder, in the order of their names."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


# ---- what is fetched ------------------------------------------------------------------------


def fetched_pyodide() -> Path:
    """The package of Pyodide, from npm."""
    return _fetched("pyodide-*.tgz", PYODIDE_HASH, ["npm", "pack", "--silent", PYODIDE])


def fetched_protobuf() -> Path:
    """The wheel of protobuf that is all Python, from PyPI."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", PROTOBUF]
    pure = ["--only-binary=:all:", "--platform=any"]
    return _fetched("protobuf-*.whl", PROTOBUF_HASH, [*pip, *pure])


def _fetched(pattern: str, integrity: str, command: list[str]) -> Path:
    """A file that has this hash: one that is there already, or what a command fetches."""
    FETCHED.mkdir(exist_ok=True)
    for path in FETCHED.glob(pattern):
        if _hash(path) == integrity:
            return path
        path.unlink()
    program = shutil.which(command[0])
    if not program:
        raise NotFetched(f"{command[0]} is not installed, which fetches {pattern}")
    result = subprocess.run(
        [program, *command[1:]], cwd=FETCHED, capture_output=True, text=True, check=False
    )
    for path in FETCHED.glob(pattern):
        if _hash(path) == integrity:
            return path
        raise ValueError(f"{path} has the hash {_hash(path)}, and not {integrity}")
    told = (result.stderr or result.stdout).strip().splitlines()[-1:]
    raise NotFetched(f"{pattern} could not be fetched: {' '.join(told)}")


def _hash(path: Path) -> str:
    """The SHA-512 of a file, as npm writes it."""
    return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def unpacked(archive: Path) -> Path:
    """The folder of a package of npm, unpacked beside it."""
    folder = archive.with_suffix("")
    if not folder.exists():
        shutil.unpack_archive(archive, folder, filter="data")
    return folder / "package"


# ---- what is made ---------------------------------------------------------------------------


def _examples(folder: Path) -> None:
    """The definitions of models/, and their names."""
    folder.mkdir()
    names = sorted(path.stem for path in (ROOT / "models" / "prototxt").glob("*.prototxt"))
    for name in names:
        shutil.copy(ROOT / "models" / "prototxt" / f"{name}.prototxt", folder)
    (folder / "names.json").write_text(json.dumps(names), encoding="utf-8")


def _frame(folder: Path, name: str, parts: Iterable[str]) -> None:
    """A page in the page, with the files of the package that make it elsewhere."""
    folder.mkdir()
    shutil.copyfile(WEB / f"{name}.html", folder / "index.html")
    shutil.copyfile(PACKAGE / "page" / "style.css", folder / "page.css")
    for part in parts:
        shutil.copy(PACKAGE / part, folder)


def _python(folder: Path) -> None:
    """What Python imports: proto2net as it is here, protobuf, and what speaks with the page."""
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "proto2net", folder / "proto2net", ignore=unwanted)
    shutil.copy(WEB / "bridge.py", folder)
    with zipfile.ZipFile(fetched_protobuf()) as wheel:
        for name in wheel.namelist():
            if name.startswith("google/"):
                wheel.extract(name, folder)


def _pack(folder: Path, archive: Path) -> None:
    """Everything below a folder; the same content gives the same bytes."""
    packed = gzip.GzipFile(archive, "wb", compresslevel=9, mtime=0)
    with packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as made:
        for path in files(folder):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size = path.stat().st_size
            with path.open("rb") as content:
                made.addfile(entry, content)


def _snapshot(pyodide: Path, made: Path) -> None:
    """The memory of a Python that has started and imported proto2net: the page begins with it."""
    node = shutil.which("node")
    if not node:
        raise OSError("node is not installed, which makes the snapshot of Python's memory")
    nets = [made / "examples" / f"{name}.prototxt" for name in TRIED]
    plain = made / "snapshot"
    subprocess.run(
        [node, WEB / "snapshot.mjs", pyodide, made / "python.tar.gz", plain, *nets], check=True
    )
    with gzip.GzipFile(made / "snapshot.gz", "wb", compresslevel=9, mtime=0) as packed:
        packed.write(plain.read_bytes())
    plain.unlink()


def _keep(made: Path) -> None:
    """The service worker, which knows all files, and a version made of what they hold."""
    names = [path.relative_to(made).as_posix() for path in files(made)]
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode() + b"\0" + hashlib.sha256((made / name).read_bytes()).digest())
    head = f"const FILES = {json.dumps(['./', *names])};\n"
    head += f'const VERSION = "{digest.hexdigest()[:16]}";\n\n'
    script = (WEB / "keep.js").read_text(encoding="utf-8")
    (made / "keep.js").write_text(head + script, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
