"""Why the program exists: the façade with the commands, the tick, attempts, recovery, the courier and the nursery."""
