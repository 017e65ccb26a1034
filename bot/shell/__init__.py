"""The subcommands of `milepost`, one file per group. bot.cli loads a group only when one of its commands is given, so
that `milepost --help` answers at once."""
