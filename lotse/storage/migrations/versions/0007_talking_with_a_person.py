"""Talking with a person: whose turn it is to speak, what a person wrote, replies that are awaited"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('conversation', sa.Column('talks_in', sa.String(length=40), nullable=True))
    op.add_column('conversation', sa.Column('told_away_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('inbound', sa.Column('case_id', sa.String(length=40), nullable=True))
    op.add_column('outbound', sa.Column('case_id', sa.String(length=40), nullable=True))
    op.create_index('ix_outbound_case', 'outbound', ['case_id', 'state'])
    # plain ALTERs: batch mode would rebuild tables, and dropping the old one would cascade on SQLite
    op.execute("ALTER TABLE outbound ADD COLUMN staff_id VARCHAR(40) REFERENCES staff (id) ON DELETE SET NULL")
    op.add_column('outbound', sa.Column('written', sa.LargeBinary(), nullable=True))
    op.add_column('cases', sa.Column('first_reply_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('unanswered_since', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("what people wrote to each other must not be lost")
