"""Second factors, sign-in by a provider, temporary passwords, what browser a session is in"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('second_factor',
    sa.Column('staff_id', sa.String(length=40), nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_step', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('staff_id')
    )
    op.create_table('recovery_code',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('staff_id', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_index('ix_recovery_code_staff_id', 'recovery_code', ['staff_id'])
    op.create_table('staff_identity',
    sa.Column('issuer', sa.String(length=200), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('staff_id', sa.String(length=40), nullable=False),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('issuer', 'subject')
    )
    op.create_index('ix_staff_identity_staff_id', 'staff_identity', ['staff_id'])
    op.create_index('ix_cases_assigned_to', 'cases', ['assigned_to'])
    op.add_column('staff', sa.Column('temporary_until', sa.DateTime(timezone=True), nullable=True))
    op.add_column('staff_session', sa.Column('stage', sa.String(length=20), nullable=False, server_default='in'))
    op.add_column('staff_session', sa.Column('browser', sa.String(length=40), nullable=False, server_default=''))


def downgrade() -> None:
    raise NotImplementedError("without their second factors accounts would be open to whoever knows a password")
