"""Vectors of unanswered questions"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('unanswered_question', sa.Column('vector', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column('unanswered_question', 'vector')
