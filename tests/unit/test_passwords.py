"""Which passwords are refused, and why."""

from __future__ import annotations

import hashlib

import pytest

from lotse.staff.passwords import COMMON, problem

LOGIN, KNOWN = "anna.beispiel@stadt.example", ("Anna Beispiel", "Musterstadt")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("eleven char", "short"),
        ("", "short"),
        ("x" * 257, "long"),
        (" Anna.Beispiel@Stadt.Example ", "login"),
        ("aaaaaaaaaaaa", "simple"),
        ("1212121212121212", "simple"),
        ("123456789012", "simple"),
        ("cba" + "zyxwvutsrqponm", "simple"),
        ("qwertyuiopasd", "simple"),
        ("hundhundhund", "simple"),
        ("MotherFucker", "common"),
        ("1q2w3e4r5t6y", "common"),
        ("Password2026!", "common"),
        ("!!!!sunshine", "common"),
        ("AnnaBeispiel1985", "known"),
        ("Musterstadt 2026!", "known"),
        ("beispiel-anna-stadt", "known"),
        ("correct horse battery", None),
        ("Anna mag Musterstadt im Regen", None),
        ("vier Wörter ohne Sinn", None),
        ("كلمة مرور طويلة جدا", None),
        ("KF7M-29TC-XW4H", None),
        ("7391-5528-0467-22", None),
    ],
)
def test_what_is_refused(password: str, reason: str | None) -> None:
    assert problem(password, LOGIN, KNOWN) == reason


def test_what_nobody_knows_of_does_not_count() -> None:
    assert problem("AnnaBeispiel1985") is None
    assert problem("anna_anna_otto") is None


def test_the_list_is_unchanged() -> None:
    sums = dict(reversed(line.split()) for line in (COMMON.parent / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {COMMON.name, "LICENSE"}
    for name, expected in sums.items():
        assert hashlib.sha256((COMMON.parent / name).read_bytes()).hexdigest() == expected
