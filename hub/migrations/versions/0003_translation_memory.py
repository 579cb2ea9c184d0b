"""translation memory"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import hub.db

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('translation_pairs',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('source_language', sa.String(length=2), nullable=False),
    sa.Column('target_language', sa.String(length=2), nullable=False),
    sa.Column('source_hash', sa.String(length=64), nullable=False),
    sa.Column('source_text', sa.Text(), nullable=False),
    sa.Column('target_text', sa.Text(), nullable=False),
    sa.Column('length', sa.Integer(), nullable=False),
    sa.Column('words', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=12), nullable=False),
    sa.Column('by_id', sa.String(length=30), nullable=True),
    sa.Column('by_name', sa.String(length=80), nullable=True),
    sa.Column('model', sa.String(length=60), nullable=True),
    sa.Column('glossary', sa.String(length=40), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=True),
    sa.Column('from_id', sa.String(length=30), nullable=True),
    sa.Column('lasting', sa.Boolean(), nullable=False),
    sa.Column('at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('due_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_translation_pairs_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_translation_pairs'))
    )
    with op.batch_alter_table('translation_pairs', schema=None) as batch_op:
        batch_op.create_index('ix_translation_pairs_source_hash', ['source_hash'], unique=False)
        batch_op.create_index('ix_translation_pairs_gathering_id', ['gathering_id'], unique=False)
        batch_op.create_index('ix_translation_pairs_from_id', ['from_id'], unique=False)
        batch_op.create_index('ix_translation_pairs_due_at', ['due_at'], unique=False)

    op.create_table('translation_pair_words',
    sa.Column('word', sa.String(length=10), nullable=False),
    sa.Column('length', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('pair_id', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['pair_id'], ['translation_pairs.id'], name=op.f('fk_translation_pair_words_pair_id_translation_pairs'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('word', 'length', 'pair_id', name=op.f('pk_translation_pair_words')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('translation_pair_words', schema=None) as batch_op:
        batch_op.create_index('ix_translation_pair_words_pair_id', ['pair_id'], unique=False)

    with op.batch_alter_table('translations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('source_hash', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('origin', sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column('pair_id', sa.String(length=40), nullable=True))
        batch_op.create_index('ix_translations_source_hash', ['source_hash'], unique=False)
        batch_op.create_index('ix_translations_pair_id', ['pair_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_translations_pair_id_translation_pairs'), 'translation_pairs', ['pair_id'], ['id'], ondelete='SET NULL')


def downgrade() -> None:
    with op.batch_alter_table('translations', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_translations_pair_id_translation_pairs'), type_='foreignkey')
        batch_op.drop_index('ix_translations_pair_id')
        batch_op.drop_index('ix_translations_source_hash')
        batch_op.drop_column('pair_id')
        batch_op.drop_column('origin')
        batch_op.drop_column('source_hash')

    op.drop_table('translation_pair_words')
    op.drop_table('translation_pairs')
