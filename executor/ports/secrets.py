"""How secret values are kept at rest."""

from typing import Protocol


class Seal(Protocol):
    """Encrypts with the key of this install, which is made when it is needed for the first time."""

    def seal(self, text: str) -> str:
        """`text` encrypted, as ASCII. Raises DataFolderError where the key can't be kept, Unconfigured for no key."""
        ...

    def unseal(self, sealed: str) -> str:
        """Raises SealBroken where it was sealed with another key, or is damaged."""
        ...
