"""Sealed secrets as rows."""

from executor.domain.secret import SealedSecret
from storage.rows.kinds import Record, Values


def secret_values(secret: SealedSecret) -> Values:
    return {
        "goal_number": secret.goal_number,
        "name": secret.name,
        "sealed": secret.sealed,
        "by": secret.by,
        "created_at": secret.created_at,
    }


def secret_from(row: Record) -> SealedSecret:
    return SealedSecret(
        goal_number=row.goal_number, name=row.name, sealed=row.sealed, by=row.by, created_at=row.created_at
    )
