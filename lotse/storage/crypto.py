"""Encryption at rest of everything that a newcomer tells (Fernet: AES-128-CBC with HMAC-SHA256)."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from lotse.errors import OperatorError

SECONDS_OF_A_DAY = 24 * 60 * 60


class VaultError(OperatorError):
    """The keys are missing, malformed or not those that the data was written with."""


class Vault:
    """Encrypts with the newest key, decrypts with any of them; also hashes look-up values."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise VaultError("LOTSE_KEYS or the key file holds no valid Fernet key (32 bytes in URL-safe base64)") from error
        self._lookup_key = hashlib.sha256(b"lotse lookup\0" + keys[-1].encode()).digest()

    def encrypt(self, text: str, at: int | None = None) -> bytes:
        """A token; whoever has it can read when it was made, unless another time is given."""
        return self._fernet.encrypt_at_time(text.encode("utf-8", "replace"), int(time.time()) if at is None else at)

    def decrypt(self, token: bytes) -> str:
        try:
            return self._fernet.decrypt(token).decode("utf-8")
        except InvalidToken as error:
            raise VaultError("a stored value cannot be decrypted: the key that wrote it is not among LOTSE_KEYS") from error

    def digest(self, text: str) -> str:
        """Keyed hash of an address, so that a conversation is found without storing the address in clear."""
        return hmac.new(self._lookup_key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def open_vault(keys: tuple[str, ...], key_file: Path) -> Vault:
    """Vault with the given keys, or with those of the key file, which is made at the first start."""
    if keys:
        return Vault(keys)
    if not key_file.exists():
        key_file.parent.mkdir(parents=True, exist_ok=True)
        fresh = key_file.with_suffix(f".{os.getpid()}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
        try:
            os.link(fresh, key_file)  # atomic: of two first starts one wins, both then read the same key
        except FileExistsError:
            pass
        fresh.unlink()
    return Vault(tuple(key_file.read_text().split()))


_vault: Vault | None = None


def use(vault: Vault) -> None:
    """Set the vault that encrypted columns use in this process."""
    global _vault
    _vault = vault


def digest(text: str) -> str:
    """Keyed hash by the vault in use: what is equal is found again, and nobody without the keys can try values out."""
    return _in_use().digest(text)


class Sealed(TypeDecorator[Any]):
    """A JSON value, encrypted as a whole: a secret of the installation's own, such as a key. What people tell: `Encrypted`."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else _in_use().encrypt(json.dumps(value, ensure_ascii=False))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(_in_use().decrypt(value))


class Encrypted(Sealed):
    """The same for what a newcomer tells; a database administrator reads nothing of it, and erasing reaches it."""

    cache_ok = True


class EncryptedByDay(Encrypted):
    """The same for what must not be found again by its time: the token says the day only (UTC), not the second."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        now = int(time.time())
        return _in_use().encrypt(json.dumps(value, ensure_ascii=False), at=now - now % SECONDS_OF_A_DAY)


def _in_use() -> Vault:
    if _vault is None:
        raise VaultError("no vault: call storage.open_database first")
    return _vault
