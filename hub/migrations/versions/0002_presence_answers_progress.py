"""presence answers progress"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import hub.db

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('answers',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('item', sa.String(length=20), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('value', sa.Integer(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_answers_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answers')),
    sa.UniqueConstraint('gathering_id', 'key', 'item', name=op.f('uq_answers_gathering_id_key_item'))
    )
    op.create_table('presences',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('participant_id', sa.String(), nullable=False),
    sa.Column('from_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('until_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_presences_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['participant_id'], ['participants.id'], name=op.f('fk_presences_participant_id_participants'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_presences'))
    )
    with op.batch_alter_table('presences', schema=None) as batch_op:
        batch_op.create_index('ix_presences_gathering_id', ['gathering_id'], unique=False)

    op.create_table('progress',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('contribution_id', sa.String(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=True),
    sa.Column('at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_progress_account_id_accounts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['contribution_id'], ['contributions.id'], name=op.f('fk_progress_contribution_id_contributions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_progress'))
    )
    with op.batch_alter_table('progress', schema=None) as batch_op:
        batch_op.create_index('ix_progress_contribution_id', ['contribution_id'], unique=False)

    with op.batch_alter_table('contributions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('scribe_id', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('corrected_at', hub.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_contributions_scribe_id_accounts'), 'accounts', ['scribe_id'], ['id'], ondelete='SET NULL')

    with op.batch_alter_table('gatherings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('follows_id', sa.String(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_gatherings_follows_id_gatherings'), 'gatherings', ['follows_id'], ['id'], ondelete='SET NULL')

    with op.batch_alter_table('participants', schema=None) as batch_op:
        batch_op.add_column(sa.Column('remote', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('without_device', sa.Boolean(), nullable=False, server_default=sa.false()))



def downgrade() -> None:
    with op.batch_alter_table('participants', schema=None) as batch_op:
        batch_op.drop_column('without_device')
        batch_op.drop_column('remote')

    with op.batch_alter_table('gatherings', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_gatherings_follows_id_gatherings'), type_='foreignkey')
        batch_op.drop_column('follows_id')

    with op.batch_alter_table('contributions', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_contributions_scribe_id_accounts'), type_='foreignkey')
        batch_op.drop_column('corrected_at')
        batch_op.drop_column('scribe_id')

    with op.batch_alter_table('progress', schema=None) as batch_op:
        batch_op.drop_index('ix_progress_contribution_id')

    op.drop_table('progress')
    with op.batch_alter_table('presences', schema=None) as batch_op:
        batch_op.drop_index('ix_presences_gathering_id')

    op.drop_table('presences')
    op.drop_table('answers')
