"""keyed pseudonyms

Until now the keys under which use is filed were plain hashes of addresses, which anybody with a list of addresses could
work out. Each is hashed once more with a secret of this installation, so that nobody without the secret can. What runs
counted so far, people by state and finding among it, goes: a difference of two such counts is one person's.
"""

from __future__ import annotations

import hmac
import secrets

import sqlalchemy as sa
from alembic import op

import bot.store.types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FILED = ("usage_day", "session_facts", "open_session", "pushed_series")
_BLOCK_BYTES = 64
"""Of SHA-256, for the two pads of an HMAC (RFC 2104)."""


def upgrade() -> None:
    op.create_table(
        "pseudonym_key",
        sa.Column("pseudonym_key_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym_key_id", name=op.f("pk_pseudonym_key")),
    )
    op.create_table(
        "exclusion",
        sa.Column("id_key", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id_key", name=op.f("pk_exclusion")),
    )
    op.create_index(op.f("ix_exclusion_address_key"), "exclusion", ["address_key"], unique=False)
    op.create_table(
        "papers",
        sa.Column("facts_hash", sa.Text(), nullable=False),
        sa.Column("written_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("facts_hash", name=op.f("pk_papers")),
    )
    op.execute("UPDATE run SET result = NULL WHERE result IS NOT NULL")
    secret = secrets.token_hex(32)
    connection = op.get_bind()
    connection.execute(sa.text("INSERT INTO pseudonym_key VALUES (1, :secret)"), {"secret": secret})
    if connection.dialect.name == "sqlite":
        _rekey_sqlite(connection, bytes.fromhex(secret))
    else:
        _rekey_postgresql(connection, bytes.fromhex(secret))


def _rekey_sqlite(connection: sa.Connection, secret: bytes) -> None:
    def keyed(subject: str) -> str:
        return hmac.digest(secret, subject.encode(), "sha256").hex()[:32]

    driver = connection.connection.driver_connection
    assert driver is not None
    driver.create_function("kindling_keyed", 1, keyed, deterministic=True)
    for table in _FILED:
        op.execute(f"UPDATE {table} SET subject = kindling_keyed(subject)")  # noqa: S608 - names of our own tables


def _rekey_postgresql(connection: sa.Connection, secret: bytes) -> None:
    """The same HMAC by the two hashes that it is made of: the database has no other way without an extension."""
    padded = secret.ljust(_BLOCK_BYTES, b"\0")
    pads = {"inner": bytes(one ^ 0x36 for one in padded), "outer": bytes(one ^ 0x5C for one in padded)}
    hashed = "sha256(CAST(:outer AS bytea) || sha256(CAST(:inner AS bytea) || convert_to(subject, 'UTF8')))"
    for table in _FILED:
        keyed = f"UPDATE {table} SET subject = substr(encode({hashed}, 'hex'), 1, 32)"  # noqa: S608 - the same
        connection.execute(sa.text(keyed), pads)


def downgrade() -> None:
    raise NotImplementedError("a key cannot be turned back into what it was made from: go back with a backup")
