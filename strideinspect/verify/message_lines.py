"""Messages as lines of JSON: the field "kind" of a line is the name of the message's class.

Positions stay packed (base64), because converting millions of integers to text and objects is slow. This file is
imported before the worker starts, so it imports nothing slow.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from strideinspect.verify.messages import MessageError, Request, Response


def encode(message: Request | Response) -> str:
    """The line of a message, with its line break."""
    # Not by msgspec's own JSON: it has neither infinity nor the bytes of a file name that are no UTF-8.
    return json.dumps(msgspec.to_builtins(message)) + "\n"


def decode_request(line: str) -> Request:
    """The request that a line holds. Raises MessageError."""
    request: Request = _decoded(line, Request)
    return request


def decode_response(line: str) -> Response:
    """The response that a line holds. Raises MessageError."""
    response: Response = _decoded(line, Response)
    return response


def _decoded(line: str, kinds: Any) -> Any:  # noqa: ANN401 - a union of classes has no type of its own
    try:
        return msgspec.convert(json.loads(line), kinds)
    except (ValueError, msgspec.ValidationError) as error:  # no JSON, or a field that is missing or of another type
        raise MessageError(f"a message cannot be decoded ({error})") from error
