"""The adapter of the port Seal: Fernet (AES-128-CBC with HMAC-SHA256) under one key per install.

The key is a file of the data folder that only its owner can read, unless the configuration gives one: then it can lie
where copies of the folder do not reach. It is made when a first value has to be kept; whoever never gives one has none.
"""

import base64
import binascii
import os
from pathlib import Path

from executor.domain.errors import DataFolderError, SealBroken, Unconfigured

FILE_NAME = "secrets.key"
KEY_BYTES = 32
_PRIVATE = 0o600


class FernetSeal:
    """`key` as `openssl rand -base64 32` prints one; "": the file's. Raises Unconfigured for what is no key."""

    def __init__(self, folder: Path, key: str = "") -> None:
        self._path = folder / FILE_NAME
        self._key = _fernet_key(key) if key else None

    def seal(self, text: str) -> str:
        from cryptography.fernet import Fernet  # noqa: PLC0415 - half as long to import as all the rest of a start

        return Fernet(self._key_or_new()).encrypt(text.encode("utf-8", "surrogatepass")).decode("ascii")

    def unseal(self, sealed: str) -> str:
        from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415 - as above

        key = self._key or self._from_file()
        if key is None:
            raise SealBroken(detail="there is no key file")
        try:
            return Fernet(key).decrypt(sealed.encode("ascii")).decode("utf-8", "surrogatepass")
        except (InvalidToken, ValueError):
            raise SealBroken from None

    def _key_or_new(self) -> bytes:
        return self._key or self._from_file() or self._made()

    def _from_file(self) -> bytes | None:
        """None where there is no file, or what is in it is no key: then nothing that it sealed can be read."""
        try:
            text = self._path.read_text(encoding="ascii")
            self._path.chmod(_PRIVATE)
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            text = ""
        except OSError as error:
            raise DataFolderError(f"The key file {self._path} can't be read: {error.strerror}.") from error
        try:
            self._key = _fernet_key(text.strip())
        except Unconfigured:  # kept beside the next one: somebody may mend it
            self._path.replace(self._path.with_name(f"{FILE_NAME}.damaged"))
        return self._key

    def _made(self) -> bytes:
        """A new key, on disk with its name before anything is sealed with it."""
        key = base64.urlsafe_b64encode(os.urandom(KEY_BYTES))
        new = self._path.with_name(f"{FILE_NAME}.new")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "wb") as file:
                file.write(key + b"\n")
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise DataFolderError(f"The key file {self._path} can't be written: {error.strerror}.") from error
        self._key = key
        return key


def _fernet_key(text: str) -> bytes:
    """Either alphabet of base64 will do."""
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise Unconfigured(
            "secrets.key: expected 32 random bytes in base64, as openssl rand -base64 32 prints them."
        ) from None
    return base64.urlsafe_b64encode(raw)
