"""Rows in a table of Amazon DynamoDB, for any number of machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from skill.errors import ConfigurationError
from skill.memory.limits import ENGINE_SECONDS, MOST_OPERATIONS
from skill.memory.rows import TOMBSTONE_SECONDS, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

# DynamoDB takes a row away at its own time, some days after this. Until then it is a tombstone.
_TIME_TO_LIVE: Final = "delete_at"

# No time mends these.
_SET_UP_WRONGLY: Final = frozenset(
    {
        "AccessDeniedException",
        "InvalidSignatureException",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)
_NAMES: Final = {"#version": "version", "#document": "document"}  # words of its own language
_NOT_CHANGED: Final = (
    "(#version = :seen AND (attribute_not_exists(#document) OR delete_at > :dead))"
    " OR (#version = :seen_before_expiry AND attribute_exists(#document) AND delete_at <= :dead)"
)


class DynamodbRows:
    """Rows in a table of DynamoDB, which the operator has made.

    Args:
        table: Its name.
        region: Where it is; ``None`` for what the environment says.
        endpoint: The address of a DynamoDB that is not Amazon's.
    """

    def __init__(self, table: str, region: str | None, endpoint: str | None = None) -> None:
        self._table = table
        try:
            self._client = boto3.session.Session().client(
                "dynamodb",
                region_name=region,
                endpoint_url=endpoint,
                config=Config(
                    connect_timeout=ENGINE_SECONDS / 2,
                    read_timeout=ENGINE_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": 2},
                    max_pool_connections=MOST_OPERATIONS,
                ),
            )
        except (BotoCoreError, ValueError) as error:
            raise ConfigurationError(f"MEMORY_URL: {error}") from error

    def prepare(self) -> None:
        """See whether the table is there and forgets by itself."""
        try:
            table = self._client.describe_table(TableName=self._table)["Table"]
            lives = self._client.describe_time_to_live(TableName=self._table)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _SET_UP_WRONGLY:
                raise
            raise ConfigurationError(f"MEMORY_URL: {error}") from error
        except (NoCredentialsError, PartialCredentialsError, ParamValidationError) as error:
            raise ConfigurationError(f"MEMORY_URL: {error}") from error
        if table["KeySchema"] != [{"AttributeName": "caller", "KeyType": "HASH"}]:
            raise ConfigurationError(
                f"MEMORY_URL: the key of the table {self._table} is not 'caller' alone."
            )
        if lives["TimeToLiveDescription"].get("AttributeName") != _TIME_TO_LIVE:
            raise ConfigurationError(
                f"MEMORY_URL: switch on the time to live of the table {self._table},"
                f" by the attribute {_TIME_TO_LIVE!r}."
            )

    def read(self, caller: bytes) -> Row | None:
        """Return the row of a caller's key."""
        found = self._client.get_item(
            TableName=self._table, Key={"caller": {"B": caller}}, ConsistentRead=True
        )
        return _row(found["Item"]) if "Item" in found else None

    def write(self, row: Row, now: int) -> bool:
        """Write a row if it builds upon the one there."""
        condition: dict[str, object] = {
            "ConditionExpression": _NOT_CHANGED,
            "ExpressionAttributeNames": _NAMES,
            "ExpressionAttributeValues": {
                ":seen": _number(row.version - 1),
                ":seen_before_expiry": _number(row.version - 2),
                ":dead": _number(now + TOMBSTONE_SECONDS),
            },
        }
        if row.version == 1:
            condition = {"ConditionExpression": "attribute_not_exists(caller)"}
        try:
            self._client.put_item(TableName=self._table, Item=_item(row), **condition)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def forget(self, caller: bytes, now: int) -> int:
        """Turn a row into a tombstone."""
        changed = self._client.update_item(
            TableName=self._table,
            Key={"caller": {"B": caller}},
            UpdateExpression="ADD #version :two SET delete_at = :delete_at"
            " REMOVE #document, #request, key_id",
            ExpressionAttributeNames={**_NAMES, "#request": "request"},
            ExpressionAttributeValues={
                ":two": _number(2),
                ":delete_at": _number(now + TOMBSTONE_SECONDS),
            },
            ReturnValues="UPDATED_NEW",
        )
        return int(changed["Attributes"]["version"]["N"])

    def sweep(self, now: int) -> None:
        """Do nothing: DynamoDB does it."""

    def close(self) -> None:
        """Let go of every connection."""
        self._client.close()


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _item(row: Row) -> dict[str, object]:
    item: dict[str, object] = {
        "caller": {"B": row.caller},
        "version": _number(row.version),
        _TIME_TO_LIVE: _number(row.expires_at + TOMBSTONE_SECONDS),
    }
    if row.document is not None:
        item["request"] = {"B": row.request}
        item["key_id"] = {"S": row.key_id}
        item["document"] = {"B": row.document}
    return item


def _row(item: Mapping[str, Mapping[str, object]]) -> Row:
    def whole(name: str) -> int:
        return int(str(item[name]["N"]))

    def blob(name: str) -> bytes | None:
        value = item.get(name, {}).get("B")
        return value if isinstance(value, bytes) else None

    key_id = item.get("key_id", {}).get("S")
    return Row(
        caller=blob("caller") or b"",
        version=whole("version"),
        request=blob("request"),
        key_id=None if key_id is None else str(key_id),
        document=blob("document"),
        expires_at=whole(_TIME_TO_LIVE) - TOMBSTONE_SECONDS,
    )
