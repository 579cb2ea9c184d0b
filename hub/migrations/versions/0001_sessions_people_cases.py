"""sessions, people, cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import hub.db

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('accounts',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=True),
    sa.Column('created_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('disabled_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts')),
    sa.UniqueConstraint('email', name=op.f('uq_accounts_email'))
    )
    op.create_table('cases',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.JSON(), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('sector', sa.JSON(), nullable=False),
    sa.Column('objective', sa.JSON(), nullable=False),
    sa.Column('methods', sa.JSON(), nullable=False),
    sa.Column('vulnerable', sa.Boolean(), nullable=False),
    sa.Column('demonstration', sa.Boolean(), nullable=False),
    sa.Column('updated_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cases'))
    )
    op.create_table('gatherings',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('format_id', sa.String(length=60), nullable=False),
    sa.Column('format', sa.JSON(), nullable=False),
    sa.Column('title', sa.JSON(), nullable=False),
    sa.Column('case_id', sa.String(length=40), nullable=True),
    sa.Column('charter', sa.String(length=60), nullable=True),
    sa.Column('principles', sa.JSON(), nullable=True),
    sa.Column('access', sa.String(length=10), nullable=False),
    sa.Column('demonstration', sa.Boolean(), nullable=False),
    sa.Column('created_by', sa.String(), nullable=True),
    sa.Column('created_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('starts_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('phase_index', sa.Integer(), nullable=True),
    sa.Column('phase_started_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ends_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('left', sa.Float(), nullable=True),
    sa.Column('time_up_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('advance_by_itself', sa.Boolean(), nullable=False),
    sa.Column('bot_muted', sa.Boolean(), nullable=False),
    sa.Column('opened_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('started_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('closed_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('published_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('published_by', sa.String(), nullable=True),
    sa.Column('last_activity_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('stage_revision', sa.Integer(), nullable=False),
    sa.Column('queue_revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_gatherings_case_id_cases'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_gatherings_created_by_accounts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['published_by'], ['accounts.id'], name=op.f('fk_gatherings_published_by_accounts'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gatherings')),
    sa.UniqueConstraint('code', name=op.f('uq_gatherings_code'))
    )
    op.create_table('sign_in_links',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('expires_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('uses_left', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_sign_in_links_account_id_accounts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_links')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_sign_in_links_secret_hash'))
    )
    op.create_table('sign_ins',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('created_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_sign_ins_account_id_accounts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_ins')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_sign_ins_secret_hash'))
    )
    op.create_table('acts',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=True),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('target', sa.String(length=30), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_acts_account_id_accounts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_acts_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_acts'))
    )
    with op.batch_alter_table('acts', schema=None) as batch_op:
        batch_op.create_index('ix_acts_gathering_id', ['gathering_id'], unique=False)

    op.create_table('bot_lines',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('trigger', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('to_whom', sa.String(length=30), nullable=False),
    sa.Column('about', sa.String(length=80), nullable=True),
    sa.Column('lines', sa.JSON(), nullable=False),
    sa.Column('draft', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('created_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_bot_lines_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bot_lines'))
    )
    with op.batch_alter_table('bot_lines', schema=None) as batch_op:
        batch_op.create_index('ix_bot_lines_gathering_id_state', ['gathering_id', 'state'], unique=False)

    op.create_table('findings',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('title', sa.JSON(), nullable=False),
    sa.Column('text', sa.JSON(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('tags', sa.JSON(), nullable=False),
    sa.Column('picture', sa.String(length=80), nullable=True),
    sa.Column('picture_alt', sa.JSON(), nullable=True),
    sa.Column('shown_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('removed_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_findings_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_findings'))
    )
    with op.batch_alter_table('findings', schema=None) as batch_op:
        batch_op.create_index('ix_findings_gathering_id', ['gathering_id'], unique=False)

    op.create_table('gathering_events',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('actor', sa.String(length=30), nullable=True),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_gathering_events_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gathering_events')),
    sa.UniqueConstraint('gathering_id', 'number', name=op.f('uq_gathering_events_gathering_id_number'))
    )
    op.create_table('participants',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('name_key', sa.String(length=120), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=True),
    sa.Column('bilingual', sa.Boolean(), nullable=False),
    sa.Column('ready_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('joined_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('left_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_participants_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_participants')),
    sa.UniqueConstraint('gathering_id', 'name_key', name=op.f('uq_participants_gathering_id_name_key')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_participants_secret_hash'))
    )
    with op.batch_alter_table('participants', schema=None) as batch_op:
        batch_op.create_index('ix_participants_gathering_id', ['gathering_id'], unique=False)

    op.create_table('consents',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('participant_id', sa.String(), nullable=False),
    sa.Column('choices', sa.JSON(), nullable=False),
    sa.Column('version', sa.String(length=20), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('how', sa.String(length=10), nullable=False),
    sa.Column('given_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['participant_id'], ['participants.id'], name=op.f('fk_consents_participant_id_participants'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consents'))
    )
    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_consents_participant_id'), ['participant_id'], unique=False)

    op.create_table('contributions',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('phase', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('participant_id', sa.String(), nullable=True),
    sa.Column('account_id', sa.String(), nullable=True),
    sa.Column('author_key', sa.String(length=30), nullable=False),
    sa.Column('client_id', sa.String(length=80), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('looks_like', sa.String(length=2), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('reply_to', sa.String(length=30), nullable=True),
    sa.Column('created_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('removed_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('hidden_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('hidden_reason', sa.Text(), nullable=False),
    sa.Column('pinned_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('screen_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_contributions_account_id_accounts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_contributions_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['participant_id'], ['participants.id'], name=op.f('fk_contributions_participant_id_participants'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contributions')),
    sa.UniqueConstraint('gathering_id', 'author_key', 'client_id', name=op.f('uq_contributions_gathering_id_author_key_client_id')),
    sa.UniqueConstraint('gathering_id', 'seq', name=op.f('uq_contributions_gathering_id_seq'))
    )
    with op.batch_alter_table('contributions', schema=None) as batch_op:
        batch_op.create_index('ix_contributions_gathering_id_revision', ['gathering_id', 'revision'], unique=False)

    op.create_table('hands',
    sa.Column('participant_id', sa.String(), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('raised_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('floor_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_hands_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['participant_id'], ['participants.id'], name=op.f('fk_hands_participant_id_participants'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('participant_id', name=op.f('pk_hands'))
    )
    with op.batch_alter_table('hands', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hands_gathering_id'), ['gathering_id'], unique=False)

    op.create_table('translations',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('contribution_id', sa.String(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=True),
    sa.Column('by_id', sa.String(length=30), nullable=True),
    sa.Column('by_name', sa.String(length=80), nullable=True),
    sa.Column('model', sa.String(length=60), nullable=True),
    sa.Column('doubt', sa.JSON(), nullable=True),
    sa.Column('disputes', sa.JSON(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('updated_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contribution_id'], ['contributions.id'], name=op.f('fk_translations_contribution_id_contributions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_translations')),
    sa.UniqueConstraint('contribution_id', 'language', name=op.f('uq_translations_contribution_id_language'))
    )
    with op.batch_alter_table('translations', schema=None) as batch_op:
        batch_op.create_index('ix_translations_due_at', ['due_at'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('translations', schema=None) as batch_op:
        batch_op.drop_index('ix_translations_due_at')

    op.drop_table('translations')
    with op.batch_alter_table('hands', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_hands_gathering_id'))

    op.drop_table('hands')
    with op.batch_alter_table('contributions', schema=None) as batch_op:
        batch_op.drop_index('ix_contributions_gathering_id_revision')

    op.drop_table('contributions')
    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_consents_participant_id'))

    op.drop_table('consents')
    with op.batch_alter_table('participants', schema=None) as batch_op:
        batch_op.drop_index('ix_participants_gathering_id')

    op.drop_table('participants')
    op.drop_table('gathering_events')
    with op.batch_alter_table('findings', schema=None) as batch_op:
        batch_op.drop_index('ix_findings_gathering_id')

    op.drop_table('findings')
    with op.batch_alter_table('bot_lines', schema=None) as batch_op:
        batch_op.drop_index('ix_bot_lines_gathering_id_state')

    op.drop_table('bot_lines')
    with op.batch_alter_table('acts', schema=None) as batch_op:
        batch_op.drop_index('ix_acts_gathering_id')

    op.drop_table('acts')
    op.drop_table('sign_ins')
    op.drop_table('sign_in_links')
    op.drop_table('gatherings')
    op.drop_table('cases')
    op.drop_table('accounts')
