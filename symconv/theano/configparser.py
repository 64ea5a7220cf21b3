"""``theano.configparser``: flags for as long as a block runs, and one by one; imports the configuration."""

from typing import Any

from symconv.theano._flags import FLAGS
from symconv.theano._names import refuses
from symconv.theano.configuration import OURS, assign, change_flags, config, found


class ConfigParam:
    """A flag, as programs list them to keep and restore their values.

    Attributes
    ----------
    fullname : str
        Its name, with that of its group.
    """

    def __init__(self, fullname: str) -> None:
        self.fullname = fullname

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else found(self.fullname)

    def __set__(self, instance: Any, value: Any) -> None:
        assign(self.fullname, value)


_config_var_list = [ConfigParam(name) for name in dict.fromkeys((*OURS, *FLAGS))]

__getattr__ = refuses("theano.configparser", globals())

__all__ = ["ConfigParam", "change_flags", "config"]
