"""people consent safety"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import hub.db

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_entries',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=30), nullable=False),
    sa.Column('act', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=60), nullable=True),
    sa.Column('gathering_id', sa.String(length=30), nullable=True),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('seal', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_audit_entries'))
    )
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.create_index('ix_audit_entries_subject', ['subject'], unique=False)

    op.create_table('audit_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('seal', sa.String(length=64), nullable=False),
    sa.Column('mark', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_head'))
    )
    op.create_table('consent_texts',
    sa.Column('version', sa.String(length=20), nullable=False),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('from_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_consent_texts'))
    )
    op.create_table('mails',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('language', sa.String(length=4), nullable=False),
    sa.Column('sealed_to', sa.Text(), nullable=True),
    sa.Column('sealed_facts', sa.Text(), nullable=True),
    sa.Column('about', sa.String(length=60), nullable=True),
    sa.Column('message_id', sa.String(length=120), nullable=False),
    sa.Column('made_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('due_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('until_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('sent_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('failed_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('fault', sa.String(length=80), nullable=True),
    sa.Column('headers', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mails'))
    )
    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.create_index('ix_mails_about', ['about'], unique=False)
        batch_op.create_index('ix_mails_due_at', ['due_at'], unique=False)

    op.create_table('flags',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('what', sa.String(length=20), nullable=False),
    sa.Column('subject', sa.String(length=60), nullable=False),
    sa.Column('place', sa.String(length=60), nullable=True),
    sa.Column('at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('settled_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['settled_by'], ['accounts.id'], name=op.f('fk_flags_settled_by_accounts'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_flags'))
    )
    with op.batch_alter_table('flags', schema=None) as batch_op:
        batch_op.create_index('ix_flags_what_subject', ['what', 'subject'], unique=False)

    op.create_table('help_texts',
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('changed_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['changed_by'], ['accounts.id'], name=op.f('fk_help_texts_changed_by_accounts'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('language', name=op.f('pk_help_texts'))
    )
    op.create_table('purges',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('subject', sa.String(length=60), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.Column('announced_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('due_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('held_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('held_by', sa.String(), nullable=True),
    sa.Column('held_reason', sa.Text(), nullable=False),
    sa.Column('done_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['held_by'], ['accounts.id'], name=op.f('fk_purges_held_by_accounts'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purges')),
    sa.UniqueConstraint('kind', 'subject', name=op.f('uq_purges_kind_subject'))
    )
    with op.batch_alter_table('purges', schema=None) as batch_op:
        batch_op.create_index('ix_purges_state', ['state'], unique=False)

    op.create_table('retention_rules',
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.Column('changed_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('changed_by', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['changed_by'], ['accounts.id'], name=op.f('fk_retention_rules_changed_by_accounts'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('kind', name=op.f('pk_retention_rules'))
    )
    op.create_table('invitations',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.Text(), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=True),
    sa.Column('child', sa.Boolean(), nullable=False),
    sa.Column('made_by', sa.String(), nullable=True),
    sa.Column('made_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('participant_id', sa.String(), nullable=True),
    sa.Column('declined_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('recalled_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_invitations_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['made_by'], ['accounts.id'], name=op.f('fk_invitations_made_by_accounts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['participant_id'], ['participants.id'], name=op.f('fk_invitations_participant_id_participants'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_invitations_secret_hash'))
    )
    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.create_index('ix_invitations_gathering_id', ['gathering_id'], unique=False)

    op.create_table('person_keys',
    sa.Column('participant_id', sa.String(), nullable=False),
    sa.Column('sealed', sa.Text(), nullable=False),
    sa.Column('made_at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['participant_id'], ['participants.id'], name=op.f('fk_person_keys_participant_id_participants'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('participant_id', name=op.f('pk_person_keys'))
    )
    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.add_column(sa.Column('understood_after', sa.Integer(), nullable=True))

    with op.batch_alter_table('contributions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('hidden_code', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('hidden_answer', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('hidden_answer_at', hub.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('held_at', hub.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('held_why', sa.String(length=20), nullable=True))

    with op.batch_alter_table('gatherings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('guarded', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('support', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('followed_up_at', hub.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('followed_up_by', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('slow_seconds', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('holds_risky', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('record_edition', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('record_changed_at', hub.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('kept_record', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('purged_at', hub.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_gatherings_followed_up_by_accounts'), 'accounts', ['followed_up_by'], ['id'], ondelete='SET NULL')

    with op.batch_alter_table('participants', schema=None) as batch_op:
        batch_op.add_column(sa.Column('paused_at', hub.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('removed_at', hub.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('removed_reason', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('withdrawn_at', hub.db.UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table('sign_ins', schema=None) as batch_op:
        batch_op.add_column(sa.Column('device', sa.String(length=80), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('seen_at', hub.db.UtcDateTime(timezone=True), nullable=True))

    # What was hidden or published before has a reason without a code, and a first edition.
    op.execute("UPDATE contributions SET hidden_code = 'other' WHERE hidden_at IS NOT NULL")
    op.execute("UPDATE gatherings SET record_edition = 1 WHERE published_at IS NOT NULL")



def downgrade() -> None:
    with op.batch_alter_table('sign_ins', schema=None) as batch_op:
        batch_op.drop_column('seen_at')
        batch_op.drop_column('device')

    with op.batch_alter_table('participants', schema=None) as batch_op:
        batch_op.drop_column('withdrawn_at')
        batch_op.drop_column('removed_reason')
        batch_op.drop_column('removed_at')
        batch_op.drop_column('paused_at')

    with op.batch_alter_table('gatherings', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_gatherings_followed_up_by_accounts'), type_='foreignkey')
        batch_op.drop_column('purged_at')
        batch_op.drop_column('kept_record')
        batch_op.drop_column('record_changed_at')
        batch_op.drop_column('record_edition')
        batch_op.drop_column('holds_risky')
        batch_op.drop_column('slow_seconds')
        batch_op.drop_column('followed_up_by')
        batch_op.drop_column('followed_up_at')
        batch_op.drop_column('support')
        batch_op.drop_column('guarded')

    with op.batch_alter_table('contributions', schema=None) as batch_op:
        batch_op.drop_column('held_why')
        batch_op.drop_column('held_at')
        batch_op.drop_column('hidden_answer_at')
        batch_op.drop_column('hidden_answer')
        batch_op.drop_column('hidden_code')

    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.drop_column('understood_after')

    op.drop_table('person_keys')
    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.drop_index('ix_invitations_gathering_id')

    op.drop_table('invitations')
    op.drop_table('retention_rules')
    with op.batch_alter_table('purges', schema=None) as batch_op:
        batch_op.drop_index('ix_purges_state')

    op.drop_table('purges')
    op.drop_table('help_texts')
    with op.batch_alter_table('flags', schema=None) as batch_op:
        batch_op.drop_index('ix_flags_what_subject')

    op.drop_table('flags')
    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.drop_index('ix_mails_due_at')
        batch_op.drop_index('ix_mails_about')

    op.drop_table('mails')
    op.drop_table('consent_texts')
    op.drop_table('audit_head')
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_entries_subject')

    op.drop_table('audit_entries')
