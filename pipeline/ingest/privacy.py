"""What ingest does about personal data: masks it in texts, and replaces the ids of users."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence
from typing import Any

from pipeline.config import USER_KEY_VARIABLE, ConfigError, Ingest, read_user_key
from pipeline.ingest.contract import Repair, Table
from pipeline.personal.hashing import UserKey, hash_unkeyed, hash_user, is_hash
from pipeline.personal.masking import Masked, mask_text
from pipeline.personal.regions import DEFAULT_REGIONS
from pipeline.personal.spans import FreeText, Kind

_LEAST_NUMBER = 10**6  # Of seven digits, the fewest that a phone number has.

MASKED = {
    Kind.EMAIL: Repair.EMAILS, Kind.CARD: Repair.CARDS, Kind.PHONE: Repair.PHONES,
    Kind.NAME: Repair.NAMES}
"""What is counted where something was masked."""


def show_columns(table: Table, names: Sequence[str]) -> str:
    """Column names of a file for a message; without a header row they are values of a row."""
    return table.show_columns([mask_text(name).text for name in names])


@dataclasses.dataclass(frozen=True)
class Protection:
    """Protects single values.

    Attributes:
        mask: whether texts are masked.
        phone_regions: countries whose phone numbers are known without a country code.
        key: hashes the ids of users; None leaves them as they are, unless they tell by themselves
            whom they stand for.
    """

    mask: bool = True
    phone_regions: tuple[str, ...] = DEFAULT_REGIONS
    key: UserKey | None = None

    def text(
        self, text: str, free_text: FreeText, *, label: str = "", end: int | None = None,
    ) -> Masked:
        """A text with its personal data masked; see `mask_text`."""
        if not self.mask:
            return Masked(text[:end], collections.Counter())
        return mask_text(text, free_text, regions=self.phone_regions, label=label, end=end)

    def number(self, number: float, free_text: FreeText, label: str) -> Masked | None:
        """What stands for a number that is a phone's or a card's; None where it may stay."""
        if free_text is FreeText.CATALOGUE or abs(number) < _LEAST_NUMBER:
            return None
        masked = self.text(str(number), free_text, label=label)
        return masked if masked.counts else None

    def user_id(self, user_id: str) -> tuple[str, Repair | None]:
        """What stands for the id of a user, the same in every table, and what was done to it.

        A hash stays as it is: governed tables hold hashes, and are run.
        """
        if is_hash(user_id):
            return user_id, None
        if self.key is not None:
            return hash_user(user_id, self.key), Repair.IDS_HASHED
        if self.mask and self.text(user_id, FreeText.QUERY).counts:
            return hash_unkeyed(user_id), Repair.IDS_REPLACED
        return user_id, None

    def anything(self, value: Any, most_chars: int) -> Any:
        """Whatever a file held, at every depth masked and cut, as JSON can hold it."""
        if isinstance(value, dict):
            return {
                self.text(str(name), FreeText.PROSE, end=most_chars).text:
                self.anything(item, most_chars) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.anything(item, most_chars) for item in value]
        if value is None or isinstance(value, bool):
            return value
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        masked = self.text(text, FreeText.PROSE, end=most_chars)
        kept = isinstance(value, (int, float)) and not masked.counts and abs(value) < 2**63
        return value if kept else masked.text


@dataclasses.dataclass(frozen=True)
class Privacy:
    """What is to be done about personal data, without the secret that it is done with.

    Attributes:
        mask: whether texts are masked.
        phone_regions: countries whose phone numbers are known without a country code.
        key_fingerprint: of the key that ids are hashed with; "" where they are not.
    """

    mask: bool = True
    phone_regions: tuple[str, ...] = DEFAULT_REGIONS
    key_fingerprint: str = ""

    @classmethod
    def of(cls, settings: Ingest, key_fingerprint: str) -> Privacy:
        """What the settings of ingest say, with a key or, where the fingerprint is "", without."""
        return cls(settings.mask_personal_data, settings.phone_regions, key_fingerprint)

    def protection(self) -> Protection:
        """Takes the key from the environment of the worker.

        Raises:
            ConfigError: it is not the key that the run was started, or compiled, with.
        """
        key = read_user_key()
        if (key.fingerprint if key else "") != self.key_fingerprint:
            raise ConfigError(
                f"{USER_KEY_VARIABLE} is {'another' if key else 'not set'} here, where the tables "
                f"are read, than where the pipeline was made, which knew "
                f"{'a key' if self.key_fingerprint else 'none'}. Give both the same key, and "
                "compile or start the pipeline again.")
        return Protection(self.mask, self.phone_regions, key)
