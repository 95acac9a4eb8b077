"""The JSON documents of requests, read as TensorFlow Serving reads them.

Its reader, RapidJSON, knows more forms of numbers that are not finite than Python's (`Inf` beside
`Infinity`), and knows no numbers beyond a double and no half surrogate pairs.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from serving.errors import RequestError, invalid_argument, quoted

# A string, skipped whole, or what stands outside of strings for a number that is not finite. A
# string that does not end reaches to the end of the text, so that the search never goes back.
_NOT_FINITE = re.compile(
    r'"(?:[^"\\]|\\.?)*(?:"|\Z)|(?P<minus>-?)(?:(?P<nan>NaN)|Inf(?:inity)?\b)', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_document(body: bytes) -> dict[str, Any]:
    """The object that a body holds.

    Raises:
        RequestError: INVALID_ARGUMENT for anything but a JSON object in UTF-8.
    """
    if not body.strip():
        raise _parse_error("The document is empty")
    try:
        document = _loads(body.decode("utf-8-sig"))
        if _SURROGATE_ESCAPE.search(body):
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise _parse_error(f"{error.msg} at offset: {error.pos}") from error
    except UnicodeDecodeError as error:
        raise _parse_error(f"not UTF-8 at offset: {error.start}") from error
    except UnicodeEncodeError as error:
        raise _parse_error("The surrogate pair in string is invalid") from error
    except RecursionError as error:
        raise _parse_error("nested too deeply") from error
    except ValueError as error:
        raise _parse_error(str(error)) from error
    if not isinstance(document, dict):
        raise invalid_argument(f"JSON Value: {quoted(document)} Is not object")
    return document


def signature_name_of(document: dict[str, Any]) -> str:
    """The name of the signature that a document asks for; "" for the default.

    Raises:
        RequestError: INVALID_ARGUMENT for a name that is no string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {quoted(name)} not formatted correctly. 'signature_name' key must be a "
            "string value.")
    return name


def _loads(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_parse_float)
    except json.JSONDecodeError:
        spelled = _NOT_FINITE.sub(_spell, text)
        if spelled == text:
            raise
        return json.loads(spelled, parse_float=_parse_float)


def _spell(match: re.Match[str]) -> str:
    if match["minus"] is None:
        return match[0]
    return "NaN" if match["nan"] else f"{match['minus']}Infinity"


def _parse_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("Number too big to be stored in double")
    return number


def _parse_error(reason: str) -> RequestError:
    return invalid_argument(f"JSON Parse error: {reason}")
