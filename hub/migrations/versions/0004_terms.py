"""terms"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import hub.db

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('terms',
    sa.Column('id', sa.String(length=30), nullable=False),
    sa.Column('gathering_id', sa.String(), nullable=True),
    sa.Column('sv', sa.String(length=80), nullable=False),
    sa.Column('en', sa.String(length=80), nullable=False),
    sa.Column('sv_forms', sa.JSON(), nullable=False),
    sa.Column('en_forms', sa.JSON(), nullable=False),
    sa.Column('avoid_sv', sa.JSON(), nullable=False),
    sa.Column('avoid_en', sa.JSON(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('keep', sa.Boolean(), nullable=False),
    sa.Column('disputed', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('by_id', sa.String(length=30), nullable=True),
    sa.Column('by_name', sa.String(length=80), nullable=True),
    sa.Column('at', hub.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('due_at', hub.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['gathering_id'], ['gatherings.id'], name=op.f('fk_terms_gathering_id_gatherings'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_terms'))
    )
    with op.batch_alter_table('terms', schema=None) as batch_op:
        batch_op.create_index('ix_terms_gathering_id', ['gathering_id'], unique=False)
        batch_op.create_index('ix_terms_state', ['state'], unique=False)
        batch_op.create_index('ix_terms_due_at', ['due_at'], unique=False)

    with op.batch_alter_table('translations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('glossary', sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column('hints', sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('translations', schema=None) as batch_op:
        batch_op.drop_column('hints')
        batch_op.drop_column('glossary')

    op.drop_table('terms')
