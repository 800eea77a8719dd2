"""Messages as lines of JSON: the field "kind" of a line is the name of the message's class.

Positions stay packed (base64), because converting millions of integers to text and objects is slow. This file is
imported before the worker starts, so it imports nothing slow.
"""

from __future__ import annotations

from functools import cache
from typing import TypeVar

import msgspec

from strideinspect.verify.messages import MessageError, Request, Response

_MessageT = TypeVar("_MessageT")


def encode(message: Request | Response) -> str:
    """The line of a message, with its line break."""
    return msgspec.json.encode(message).decode("utf-8") + "\n"


def decode_request(line: str) -> Request:
    """The request that a line holds. Raises MessageError."""
    return _decoded(line, _requests())


def decode_response(line: str) -> Response:
    """The response that a line holds. Raises MessageError."""
    return _decoded(line, _responses())


def _decoded(line: str, decoder: msgspec.json.Decoder[_MessageT]) -> _MessageT:
    try:
        return decoder.decode(line)
    except msgspec.DecodeError as error:  # also for fields that are missing or of another type
        raise MessageError(f"a message cannot be decoded ({error})") from error


@cache  # made when the first message arrives: each process decodes one half of them alone
def _requests() -> msgspec.json.Decoder[Request]:
    return msgspec.json.Decoder(Request)


@cache
def _responses() -> msgspec.json.Decoder[Response]:
    return msgspec.json.Decoder(Response)
