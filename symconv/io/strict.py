"""JSON as it should be: no name twice, no numbers that are none, no endless depth; imports the errors."""

import json
from typing import Any, NoReturn

from symconv.errors import FileError


def parse_json(data: bytes | str, name: str) -> Any:
    """What a JSON text means.

    Raises
    ------
    FileError
        When it is no JSON, is nested too deeply, has a name twice in an object, or NaN.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except RecursionError as error:
        raise FileError(f"{name!r} is nested too deeply") from error
    except ValueError as error:  # no UTF-8, no JSON, an integer of thousands of digits
        raise FileError(f"{name!r} is no JSON: {error}", hint="save or fetch it again") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same name twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")
