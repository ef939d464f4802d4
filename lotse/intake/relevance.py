"""XLSForm's `relevant`: XPath 1.0 with ${name} for a response and selected(${name}, 'choice')."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from elementpath import ElementPathError, XPath1Parser, XPathContext, XPathToken

_RESPONSE = re.compile(r"\$\{(\w+)\}")
_SELECTED = re.compile(r"selected\(\s*\$\{(\w+)\}\s*,\s*'([^']*)'\s*\)")
_COMPARED = re.compile(r"\$\{(\w+)\}\s*!?=\s*'([^']*)'")
# what is compared is a number; not given, it is NaN and no comparison holds
_LEFT, _RIGHT = re.compile(r"(\$\{\w+\})(?=\s*[<>])"), re.compile(r"([<>]=?\s*)(\$\{\w+\})")
OWN_WORDS = "other"  # what ODK would have chosen for them
_NOTHING = ElementTree.Element("nothing")


@lru_cache(maxsize=1000)
def names(expression: str) -> frozenset[str]:
    """The questions that an expression reads."""
    return frozenset(_RESPONSE.findall(expression))


def compared(expression: str, name: str) -> set[str]:
    """The choices of a question that an expression compares with."""
    found = [*_SELECTED.findall(expression), *_COMPARED.findall(expression)]
    return {choice for each, choice in found if each == name}


def holds(expression: str, values: Mapping[str, Any]) -> bool:
    """Whether the expression is true for the values so far; a value not given is the empty string.

    Raises ValueError for an expression that is no XPath 1.0.
    """
    return _holds(expression, tuple((name, _xpath(values.get(name))) for name in names(expression)))


@lru_cache(maxsize=10_000)  # the same few conditions are asked for several times in a turn
def _holds(expression: str, variables: tuple[tuple[str, str | int], ...]) -> bool:
    try:
        token = _parsed(expression)
        return bool(token.boolean_value(token.evaluate(XPathContext(_NOTHING, variables=dict(variables)))))
    except ElementPathError as error:
        raise ValueError(str(error)) from error


@lru_cache(maxsize=1000)
def _parsed(expression: str) -> XPathToken:
    contained = _SELECTED.sub(r"contains(concat(' ', ${\1}, ' '), ' \2 ')", expression)
    compared = _RIGHT.sub(r"\1number(\2)", _LEFT.sub(r"number(\1)", contained))
    return XPath1Parser().parse(_RESPONSE.sub(r"$\1", compared))


def _xpath(value: Any) -> str | int:
    if isinstance(value, list):
        # as ODK writes a select_multiple; own words have spaces, names of choices have none, and stand for "other"
        return " ".join(OWN_WORDS if " " in item else item for item in map(str, value))
    return "" if value is None else value if isinstance(value, int) else str(value)
