"""What Alembic runs around the steps: on the connection that `stores.upgrading` hands over, in the transaction that is open there."""

from alembic import context

from mien_server.stores import schema
from mien_server.stores.revisions import is_ours

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    include_name=is_ours,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
