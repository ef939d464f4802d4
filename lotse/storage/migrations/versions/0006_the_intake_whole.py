"""The intake whole: versions, households, amendments, texts and proof of consent, links, likeness of cases"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('consent_text',
    sa.Column('version', sa.String(length=40), nullable=False),
    sa.Column('purpose', sa.String(length=80), nullable=False),
    sa.Column('language', sa.String(length=20), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('kept_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('version')
    )
    op.create_table('questionnaire_version',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('version', sa.String(length=40), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('kept_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_table('consent_proof',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('address_digest', sa.String(length=64), nullable=False),
    sa.Column('municipality_id', sa.String(length=40), nullable=False),
    sa.Column('purpose', sa.String(length=80), nullable=False),
    sa.Column('text_version', sa.String(length=40), nullable=False),
    sa.Column('language', sa.String(length=20), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_by', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['municipality_id'], ['municipality.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_consent_proof_address_digest', 'consent_proof', ['address_digest'])
    op.create_table('web_link',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('conversation_id', sa.String(length=40), nullable=False),
    sa.Column('intake_id', sa.String(length=40), nullable=True),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_index('ix_web_link_conversation_id', 'web_link', ['conversation_id'])
    op.create_table('case_difference',
    sa.Column('case_id', sa.String(length=40), nullable=False),
    sa.Column('other_id', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['other_id'], ['cases.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('case_id', 'other_id')
    )
    op.create_table('case_likeness',
    sa.Column('case_id', sa.String(length=40), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('case_id', 'digest')
    )
    op.create_index('ix_case_likeness_digest', 'case_likeness', ['digest'])

    # plain ALTERs: batch mode would rebuild tables, and dropping the old one would cascade on SQLite
    op.execute("ALTER TABLE cases ADD COLUMN merged_into VARCHAR(40) REFERENCES cases (id) ON DELETE SET NULL")
    op.add_column('conversation', sa.Column('intake_id', sa.String(length=40), nullable=True))
    op.add_column('conversation', sa.Column('reminders', sa.Boolean(), nullable=False, server_default=sa.true()))
    op.execute("ALTER TABLE conversation ADD COLUMN assisted_by VARCHAR(40) REFERENCES staff (id) ON DELETE SET NULL")
    op.add_column('intake', sa.Column('digest', sa.String(length=64), nullable=True))
    op.add_column('intake', sa.Column('household_id', sa.String(length=40), nullable=True))
    op.execute("ALTER TABLE intake ADD COLUMN assisted_by VARCHAR(40) REFERENCES staff (id) ON DELETE SET NULL")
    op.add_column('intake', sa.Column('sent', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('intake', sa.Column('amending', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('intake', sa.Column('reminded', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('intake', sa.Column('touched_at', sa.DateTime(timezone=True), nullable=False, server_default='1970-01-01 00:00:00'))
    op.execute("UPDATE intake SET touched_at = started_at")
    op.create_index('ix_intake_household_id', 'intake', ['household_id'])
    op.add_column('response', sa.Column('sent_in', sa.Integer(), nullable=True))
    op.add_column('response', sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True))
    # what had been sent before there were versions was sent once
    op.execute("UPDATE intake SET sent = 1 WHERE status = 'submitted'")
    op.execute("UPDATE response SET sent_in = 1, confirmed_at = given_at WHERE intake_id IN (SELECT id FROM intake WHERE sent = 1)")

    # without AUTOINCREMENT SQLite gives the number of an erased message to the next one, and an open page does not see it
    if op.get_bind().dialect.name == 'sqlite':
        op.drop_index('ix_outbound_pending', 'outbound')
        op.rename_table('outbound', 'outbound_before')
        op.create_table('outbound',
        sa.Column('number', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('conversation_id', sa.String(length=40), nullable=False),
        sa.Column('inbound_id', sa.String(length=40), nullable=True),
        sa.Column('body', sa.LargeBinary(), nullable=False),
        sa.Column('state', sa.String(length=20), nullable=False),
        sa.Column('sent_as', sa.JSON(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('number'),
        sa.UniqueConstraint('id'),
        sqlite_autoincrement=True
        )
        columns = 'number, id, conversation_id, inbound_id, body, state, sent_as, created_at, sent_at'
        op.execute(f"INSERT INTO outbound ({columns}) SELECT {columns} FROM outbound_before")
        op.drop_table('outbound_before')
        op.create_index('ix_outbound_pending', 'outbound', ['conversation_id', 'state'])


def downgrade() -> None:
    raise NotImplementedError("what people agreed to and sent must not be lost")
