"""What commands are asked with: the options that several share, and how arguments are read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from keyword import iskeyword
from typing import Any

import click

from proto2net import Proto2NetError, backends
from proto2net.cli.terminal import quoted
from proto2net.output import printable
from proto2net.rewrites.feeding import UNNAMED
from proto2net.shape import ANY_SIZE, Sizes

Command = Callable[..., None]


# ---- options --------------------------------------------------------------------------------


def network(command: Command) -> Command:
    """The arguments that say which graph is meant; all but NET are options of `parse`."""
    return definition(click.argument("net", metavar="NET")(command))


def definition(command: Command) -> Command:
    """The options that say how definitions are read, by the names that `parse` has for them."""
    for option in (
        click.option(
            "--define",
            type=_definition,
            metavar="NAME=VALUE",
            multiple=True,
            callback=_by_name,
            help="Fill in a template: TARGET_WIDTH=512 replaces $TARGET_WIDTH$. Repeatable.",
        ),
        click.option(
            "--layers",
            type=click.Path(),
            metavar="FILE.py",
            help="Layer types of your own: this Python file is run.",
        ),
        click.option(
            "--holes",
            type=_hole,
            metavar="NAME=DIMS",
            multiple=True,
            callback=_by_name,
            help="Leave a layer for you to write. NAME is its name or type:TYPE, DIMS the shape "
            "of its top, such as rois=300,5; shapes of several tops have ; between them. "
            "Repeatable.",
        ),
        click.option(
            "--fork",
            metavar="NAME",
            default="",
            help="The fork of Caffe that NET is for, such as darknet, where forks disagree.",
        ),
        click.option(
            "--ignore-unknown-fields",
            is_flag=True,
            help="Ignore fields that are not known; a note names each.",
        ),
        click.option(
            "--output",
            "outputs",
            metavar="BLOB",
            multiple=True,
            help="Keep only what this blob needs, and make it an output. Repeatable.",
        ),
        click.option(
            "--input",
            "inputs",
            type=_input,
            metavar="[NAME=]DIMS",
            multiple=True,
            callback=_by_name,
            help="The shape of an input, such as data=1,3,224,224, or data=1,3,any,any for "
            "images of any size. Without a name it is for the inputs whose shape the file does "
            "not state, or else for all inputs with as many axes. Repeatable.",
        ),
        click.option(
            "--stage",
            "stages",
            type=_stage,
            metavar="NAME",
            multiple=True,
            help="A stage that rules of layers may ask for. Repeatable.",
        ),
        click.option(
            "--level",
            type=_level,
            metavar="N",
            default="0",
            help="The level that rules of layers may ask for.",
        ),
        click.option(
            "--phase",
            type=click.Choice(["test", "train"]),
            default="test",
            show_default=True,
            help="The network for testing and use, or for training.",
        ),
    ):
        command = option(command)
    return command


def preparing(command: Command) -> Command:
    """The options that say how images are prepared, by the names that `parse` has for them."""
    for option in (
        click.option(
            "--labels",
            metavar="FILE",
            help="A file with the name of each class on its own line. The file written has them "
            "as LABELS.",
        ),
        click.option(
            "--transform-from",
            metavar="FILE",
            help="Prepare images as the transform_param of another definition says, such as that "
            "of the training.",
        ),
        click.option(
            "--channels",
            type=click.Choice(["bgr", "rgb"]),
            help="The order of channels that the network takes. Caffe's is bgr.",
        ),
        click.option(
            "--scale",
            type=float,
            metavar="X",
            help="Multiply the values of images by this, after the mean is subtracted.",
        ),
        click.option(
            "--resize",
            type=_height_and_width,
            metavar="H,W",
            help="Resize images to this size, such as 256,256. If the network takes a smaller "
            "size, crop the middle.",
        ),
        click.option(
            "--mean",
            type=_mean,
            metavar="FILE|NUMBERS",
            help="Subtract this from images: a mean image (.binaryproto or .npy), or a number "
            "for each channel, such as 104,117,123.",
        ),
    ):
        command = option(command)
    return command


def debug(command: Command) -> Command:
    """The option that every command has."""
    return click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_want_tracebacks,
        help="Show the traceback of an error too.",
    )(command)


def _want_tracebacks(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.obj.wanted = True


# ---- arguments ------------------------------------------------------------------------------


def target(name: str) -> Any:
    """The backend or printer of this name."""
    try:
        return backends.get(name)
    except Proto2NetError as error:
        raise click.BadParameter("\n".join(map(quoted, error.issues))) from None


def complete_target(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The targets that complete what was typed."""
    return [name for name in backends.names() if name.startswith(incomplete)]


def target_names(ctx: click.Context, param: click.Parameter, text: str) -> list[str]:
    """The names of targets, from torch,tf."""
    names = filter(None, text.split(","))
    return list(dict.fromkeys(target(name).name for name in names))


def batch(text: str) -> str | int:
    """How many images are taken at once: any, or a number; empty for what the definition says."""
    if re.fullmatch("[1-9][0-9]{0,8}", text):
        return int(text)
    if text not in ("", "any"):
        raise click.BadParameter(f"{text!r} is neither any nor a number above 0")
    return text


def _input(text: str) -> tuple[str, Sizes]:
    """A name and sizes, from NAME=1,3,224,any or NAME=1x3x224xany; UNNAMED without a name."""
    name, equals, dims = text.rpartition("=")
    sizes = re.split(r"\s*[,x]\s*", dims.strip())
    known = all(size == ANY_SIZE or re.fullmatch("[0-9]{1,10}", size) for size in sizes)
    if (equals and not name) or not known:
        raise click.BadParameter(f"{text!r} is not [NAME=]DIMS, such as data=1,3,224,224")
    return name or UNNAMED, tuple(None if size == ANY_SIZE else int(size) for size in sizes)


def _stated(text: str) -> tuple[str, tuple[int, ...]]:
    """The same, where each size is a number."""
    name, sizes = _input(text)
    known = tuple(size for size in sizes if size is not None)
    if len(known) < len(sizes):
        raise click.BadParameter(f"{text!r} has a size that is {ANY_SIZE}; give a number")
    return name, known


def shape(text: str) -> tuple[int, ...]:
    """A shape, from 1,3,224,224 or 1x3x224x224."""
    name, shape = _stated(text)
    if name != UNNAMED:
        raise click.BadParameter(f"{text!r} is not DIMS, such as 1,3,224,224")
    return shape


def _by_name(
    ctx: click.Context, param: click.Parameter, pairs: Sequence[tuple[str, Any]]
) -> dict[str, Any]:
    """What is given for each name, which is given once."""
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            what = "a shape without a name" if name == UNNAMED else f'"{name}"'
            raise click.BadParameter(f"{what} is given {times} times")
    return dict(pairs)


def _hole(text: str) -> tuple[str, list[tuple[int, ...]]]:
    """A name and the shapes of tops, from NAME=300,5 or NAME=300,5;300,1."""
    name, _, shapes = text.rpartition("=")
    if not name:
        raise click.BadParameter(f"{text!r} is not NAME=SHAPE, such as rois=300,5")
    return name, [_stated(f"{name}={shape}")[1] for shape in shapes.split(";")]


def _definition(text: str) -> tuple[str, str]:
    """A name and a value, from NAME=VALUE."""
    name, _, value = text.partition("=")
    if not name or not value:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE, such as TARGET_WIDTH=512")
    return name, value


def _mean(text: str) -> str | tuple[float, ...]:
    """Numbers, from 104,117,123, or else the name of a file."""
    try:
        return tuple(map(float, text.split(",")))
    except ValueError:
        return text


def _height_and_width(text: str) -> tuple[int, ...]:
    """A height and a width, from 256,256."""
    if not re.fullmatch("[1-9][0-9]{0,8},[1-9][0-9]{0,8}", text):
        raise click.BadParameter(f"{text!r} is not H,W, such as 256,256")
    return tuple(map(int, text.split(",")))


def _stage(text: str) -> str:
    """A stage; an argument can be any bytes."""
    if printable(text) != text:
        raise click.BadParameter(f"{text!r} is not plain text")
    return text


def _level(text: str) -> int:
    """A level, as far as caffe.proto can hold it."""
    if not re.fullmatch("-?[0-9]{1,9}", text):
        raise click.BadParameter(f"{text!r} is not a whole number of at most 9 digits")
    return int(text)


def class_name(text: str) -> str:
    """A name that a class or function can have."""
    if not (text.isascii() and text.isidentifier()) or iskeyword(text):
        raise click.BadParameter(f"{text!r} is not a name for a class, of letters, digits and _")
    return text
