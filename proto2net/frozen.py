"""dataclass(frozen=True) for the many classes of a conversion, made in a tenth of the time.

The standard library writes and compiles six functions for each class, which took a fifth of a
conversion. Here they are closures over the names of its fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool, eq: bool = True) -> Callable[[type], type]:
        """As dataclasses.dataclass, which is asked for the fields alone."""

        def made(cls: type) -> type:
            bases = [b.__dataclass_params__ for b in cls.__mro__[1:] if dataclasses.is_dataclass(b)]
            for params in bases:  # or it would write functions for each that inherits from one
                params.frozen = False
            dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
            for params in (*bases, cls.__dataclass_params__):
                params.frozen = frozen
            fields = dataclasses.fields(cls)
            cls.__init__, cls.__repr__ = _initialising(cls.__name__, fields), _shown
            cls.__setattr__ = cls.__delattr__ = _refuse
            if eq:
                cls.__eq__, by_fields = _comparing([f.name for f in fields if f.compare])
                cls.__hash__ = vars(cls).get("__hash__", by_fields)
            return cls

        return made


def _initialising(cls: str, fields: Sequence[Field[Any]]) -> Callable[..., None]:
    """The __init__ of a class with these fields."""
    names = [field.name for field in fields]
    defaults = {field.name: field.default for field in fields}
    made = {field.name: field.default_factory for field in fields}
    factories = {name: factory for name, factory in made.items() if factory is not MISSING}
    required = [name for name in names if defaults[name] is made[name]]
    least, number = len(required), len(names)

    def init(self: Any, /, *values: Any, **named: Any) -> None:
        state = self.__dict__
        if named or len(values) != number:
            if named or not least <= len(values) < number:
                check(values, named)
            state.update(defaults)
            state.update(named)
        index = 0
        for value in values:  # an update with zip takes half as long again
            state[names[index]] = value
            index += 1  # noqa: SIM113  # as does enumerate
        for name in factories:
            if state[name] is MISSING:
                state[name] = factories[name]()

    def check(values: tuple[Any, ...], named: dict[str, Any]) -> None:
        left = names[len(values) :]
        if len(values) > len(names) or (named and named.keys() - left):
            raise TypeError(f"{cls} takes {', '.join(names)}, each once")
        for name in required[len(values) :]:
            if name not in named:
                raise TypeError(f"{cls} needs {name}")

    return init


def _comparing(names: Sequence[str]) -> tuple[Callable[..., Any], Callable[..., int]]:
    """The __eq__ and the __hash__ of a class that compares these fields."""
    values = attrgetter(*names) if names else type

    def equal(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    return equal, lambda self: hash(values(self))


def _shown(self: Any) -> str:
    fields = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self))
    return f"{type(self).__qualname__}({', '.join(fields)})"


def _refuse(self: Any, name: str, *_: Any) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot change {name!r} of a {type(self).__name__}")
