"""The work of editors: versions, review, validity and links of answers; questions know their answer"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('answer_version',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('answer_id', sa.String(length=40), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('origin', sa.String(length=20), nullable=False),
    sa.Column('staff_id', sa.String(length=40), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['answer_id'], ['answer.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('answer_id', 'number')
    )
    op.create_table('answer_link',
    sa.Column('answer_id', sa.String(length=40), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('municipality_id', sa.String(length=40), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('places', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('code', sa.Integer(), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['answer_id'], ['answer.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['municipality_id'], ['municipality.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('answer_id', 'digest')
    )
    op.create_index('ix_answer_link_digest', 'answer_link', ['digest'])
    op.create_index('ix_answer_link_municipality_id', 'answer_link', ['municipality_id'])
    op.create_index('ix_answer_link_next_at', 'answer_link', ['next_at'])

    op.add_column('answer', sa.Column('valid_from', sa.Date(), nullable=True))
    op.add_column('answer', sa.Column('valid_until', sa.Date(), nullable=True))
    op.add_column('answer_draft', sa.Column('status', sa.String(length=20), nullable=False, server_default='draft'))
    op.add_column('answer_draft', sa.Column('remark', sa.Text(), nullable=True))
    op.add_column('unanswered_question', sa.Column('answer_id', sa.String(length=40), nullable=True))
    op.add_column('unanswered_question', sa.Column('closed_on', sa.Date(), nullable=True))
    # who waited for an answer to a question that was closed before newcomers were told cannot be told any more
    op.execute("UPDATE unanswered_question SET conversation_id = NULL WHERE status = 'closed'")
    op.create_index('ix_unanswered_question_open', 'unanswered_question', ['municipality_id', 'status'])
    op.create_index('ix_unanswered_question_conversation_id', 'unanswered_question', ['conversation_id'])
    op.create_index('ix_feedback_answer_id', 'feedback', ['answer_id'])


def downgrade() -> None:
    raise NotImplementedError("versions of answers must not be lost")
