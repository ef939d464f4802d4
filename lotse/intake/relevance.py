"""XLSForm's `relevant`: XPath 1.0 with ${name} for a response and selected(${name}, 'choice')."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
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


def names(expression: str) -> set[str]:
    """The questions that an expression reads."""
    return set(_RESPONSE.findall(expression))


def compared(expression: str, name: str) -> set[str]:
    """The choices of a question that an expression compares with."""
    found = [*_SELECTED.findall(expression), *_COMPARED.findall(expression)]
    return {choice for each, choice in found if each == name}


def holds(expression: str, values: dict[str, Any]) -> bool:
    """Whether the expression is true for the values so far; a value not given is the empty string.

    Raises ValueError for an expression that is no XPath 1.0.
    """
    variables = {name: _xpath(values.get(name)) for name in names(expression)}
    try:
        token = _parsed(expression)
        return bool(token.boolean_value(token.evaluate(XPathContext(_NOTHING, variables=variables))))
    except ElementPathError as error:
        raise ValueError(str(error)) from error


@lru_cache(maxsize=1000)
def _parsed(expression: str) -> XPathToken:
    contained = _SELECTED.sub(r"contains(concat(' ', ${\1}, ' '), ' \2 ')", expression)
    compared = _RIGHT.sub(r"\1number(\2)", _LEFT.sub(r"number(\1)", contained))
    return XPath1Parser().parse(_RESPONSE.sub(r"$\1", compared))


def _xpath(value: Any) -> Any:
    if isinstance(value, list):
        # as ODK writes a select_multiple; own words have spaces, names of choices have none, and stand for "other"
        return " ".join(OWN_WORDS if " " in item else item for item in map(str, value))
    return "" if value is None else value
