"""charters"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import hub.db

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('charters',
    sa.Column('id', sa.String(length=60), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.JSON(), nullable=False),
    sa.Column('demonstration', sa.Boolean(), nullable=False),
    sa.Column('created_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_charters'))
    )
    op.create_table('charter_drafts',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('charter_id', sa.String(length=60), nullable=False),
    sa.Column('principle_id', sa.String(length=40), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('based_on', sa.Integer(), nullable=False),
    sa.Column('saved_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_charter_drafts_account_id_accounts'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['charter_id'], ['charters.id'], name=op.f('fk_charter_drafts_charter_id_charters'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_charter_drafts')),
    sa.UniqueConstraint('account_id', 'charter_id', 'principle_id', 'language', name=op.f('uq_charter_drafts_account_id_charter_id_principle_id_language'))
    )
    op.create_table('charter_events',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('charter_id', sa.String(length=60), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(), nullable=True),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_charter_events_account_id_accounts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['charter_id'], ['charters.id'], name=op.f('fk_charter_events_charter_id_charters'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_charter_events')),
    sa.UniqueConstraint('charter_id', 'number', name=op.f('uq_charter_events_charter_id_number'))
    )
    op.create_table('charter_versions',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('charter_id', sa.String(length=60), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('based_on', sa.String(length=20), nullable=True),
    sa.Column('upto', sa.Integer(), nullable=False),
    sa.Column('at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('note', sa.JSON(), nullable=False),
    sa.Column('adopted_by', sa.String(length=200), nullable=True),
    sa.Column('state', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['charter_id'], ['charters.id'], name=op.f('fk_charter_versions_charter_id_charters'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_charter_versions')),
    sa.UniqueConstraint('charter_id', 'number', name=op.f('uq_charter_versions_charter_id_number'))
    )
    op.create_table('outcomes',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('charter_id', sa.String(length=60), nullable=False),
    sa.Column('charter_version', sa.String(length=20), nullable=True),
    sa.Column('principle_id', sa.String(length=40), nullable=False),
    sa.Column('put', sa.JSON(), nullable=False),
    sa.Column('decision', sa.String(length=10), nullable=True),
    sa.Column('agreed', sa.JSON(), nullable=True),
    sa.Column('agreed_from', sa.String(length=30), nullable=True),
    sa.Column('dissent', sa.JSON(), nullable=False),
    sa.Column('glossary_changes', sa.JSON(), nullable=False),
    sa.Column('languages', sa.JSON(), nullable=False),
    sa.Column('people_by_group', sa.JSON(), nullable=False),
    sa.Column('rated', sa.Integer(), nullable=False),
    sa.Column('passed', sa.Integer(), nullable=False),
    sa.Column('counts', sa.JSON(), nullable=False),
    sa.Column('counts_by_group', sa.JSON(), nullable=False),
    sa.Column('label', sa.String(length=20), nullable=True),
    sa.Column('consent_version', sa.String(length=20), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('closed_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('closed_by', sa.String(), nullable=True),
    sa.Column('updated_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['closed_by'], ['accounts.id'], name=op.f('fk_outcomes_closed_by_accounts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_outcomes_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outcomes')),
    sa.UniqueConstraint('gathering_id', 'principle_id', name=op.f('uq_outcomes_gathering_id_principle_id'))
    )
    with op.batch_alter_table('outcomes', schema=None) as batch_op:
        batch_op.create_index('ix_outcomes_charter_id', ['charter_id'], unique=False)

    op.create_table('charter_comments',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('charter_id', sa.String(length=60), nullable=False),
    sa.Column('principle_id', sa.String(length=40), nullable=True),
    sa.Column('round', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.String(), nullable=True),
    sa.Column('participant_id', sa.String(), nullable=True),
    sa.Column('client_id', sa.String(length=80), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('translation', sa.JSON(), nullable=True),
    sa.Column('created_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('settled_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_charter_comments_account_id_accounts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['charter_id'], ['charters.id'], name=op.f('fk_charter_comments_charter_id_charters'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['participant_id'], ['participants.id'], name=op.f('fk_charter_comments_participant_id_participants'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['settled_by'], ['accounts.id'], name=op.f('fk_charter_comments_settled_by_accounts'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_charter_comments')),
    sa.UniqueConstraint('charter_id', 'client_id', name=op.f('uq_charter_comments_charter_id_client_id'))
    )
    with op.batch_alter_table('charter_comments', schema=None) as batch_op:
        batch_op.create_index('ix_charter_comments_charter_id', ['charter_id'], unique=False)

    with op.batch_alter_table('contributions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('principle', sa.String(length=40), nullable=True))

    with op.batch_alter_table('gatherings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('charter_copy', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('put_to_room', sa.JSON(), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('gatherings', schema=None) as batch_op:
        batch_op.drop_column('put_to_room')
        batch_op.drop_column('charter_copy')

    with op.batch_alter_table('contributions', schema=None) as batch_op:
        batch_op.drop_column('principle')

    with op.batch_alter_table('charter_comments', schema=None) as batch_op:
        batch_op.drop_index('ix_charter_comments_charter_id')

    op.drop_table('charter_comments')
    with op.batch_alter_table('outcomes', schema=None) as batch_op:
        batch_op.drop_index('ix_outcomes_charter_id')

    op.drop_table('outcomes')
    op.drop_table('charter_versions')
    op.drop_table('charter_events')
    op.drop_table('charter_drafts')
    op.drop_table('charters')
