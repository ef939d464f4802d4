"""Work on cases: marks to be found by, flags, tasks, how far staff have read, verified responses, outcomes"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('case_mark',
    sa.Column('case_id', sa.String(length=40), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('case_id', 'digest')
    )
    op.create_index('ix_case_mark_digest', 'case_mark', ['digest', 'case_id'])
    op.create_table('case_flag',
    sa.Column('case_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.LargeBinary(), nullable=False),
    sa.Column('staff_id', sa.String(length=40), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('case_id', 'kind')
    )
    op.create_index('ix_case_flag_kind', 'case_flag', ['kind'])
    op.create_table('case_task',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('case_id', sa.String(length=40), nullable=False),
    sa.Column('text', sa.LargeBinary(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('assigned_to', sa.String(length=40), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['assigned_to'], ['staff.id'], ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_case_task_case_id', 'case_task', ['case_id'])
    op.create_index('ix_case_task_assigned', 'case_task', ['assigned_to', 'done_at'])
    op.create_table('case_reading',
    sa.Column('staff_id', sa.String(length=40), nullable=False),
    sa.Column('case_id', sa.String(length=40), nullable=False),
    sa.Column('event', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('staff_id', 'case_id')
    )
    op.create_index('ix_case_reading_case_id', 'case_reading', ['case_id'])
    op.create_table('case_check',
    sa.Column('case_id', sa.String(length=40), nullable=False),
    sa.Column('response', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('staff_id', sa.String(length=40), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['response'], ['response.number'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('case_id', 'response')
    )
    op.create_index('ix_case_check_response', 'case_check', ['response'])
    op.add_column('cases', sa.Column('outcome', sa.String(length=20), nullable=True))
    op.add_column('cases', sa.Column('marked_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_cases_opened', 'cases', ['municipality_id', 'status', 'opened_at'])
    op.create_index('ix_cases_changed', 'cases', ['municipality_id', 'status', 'changed_at'])
    op.create_index('ix_cases_latest', 'cases', ['changed_at'])
    op.create_index('ix_cases_assigned', 'cases', ['assigned_to', 'status'])
    op.create_index('ix_cases_intake', 'cases', ['intake_id'])
    op.create_index('ix_cases_conversation', 'cases', ['conversation_id'])
    op.create_index('ix_cases_merged', 'cases', ['merged_into'])


def downgrade() -> None:
    raise NotImplementedError("what staff have noted, verified and agreed on must not be lost")
