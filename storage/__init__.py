"""The one truth: tables, migrations, and the adapters of the ports Store, Transaction and Outbox over them."""
