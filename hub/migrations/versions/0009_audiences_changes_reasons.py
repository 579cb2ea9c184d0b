"""audiences of invitees, changes not told yet, translated reasons"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('invitees', schema=None) as batch_op:
        batch_op.add_column(sa.Column('audience', sa.String(length=12), nullable=True))

    with op.batch_alter_table('meetings', schema=None) as batch_op:
        # The default stays: taking it away builds the table anew, on SQLite.
        batch_op.add_column(
            sa.Column('untold', sa.JSON(), nullable=False, server_default='{}')
        )

    with op.batch_alter_table('progress', schema=None) as batch_op:
        batch_op.add_column(sa.Column('translation', sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('progress', schema=None) as batch_op:
        batch_op.drop_column('translation')

    with op.batch_alter_table('meetings', schema=None) as batch_op:
        batch_op.drop_column('untold')

    with op.batch_alter_table('invitees', schema=None) as batch_op:
        batch_op.drop_column('audience')
