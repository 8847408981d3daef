"""Values of other columns, as JSON and as text."""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any


def to_json_line(value: Any) -> str:
    """A value as JSON on one line; what JSON does not have becomes text, NaN and infinity null."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=to_text)
    except (TypeError, ValueError):
        return json.dumps(_to_plain(value), ensure_ascii=False)


def to_text(value: Any) -> str:
    """A value as the text of a cell."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | list | tuple | dict):
        return to_json_line(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)


def _to_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {to_text(key): _to_plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | None) else to_text(value)
