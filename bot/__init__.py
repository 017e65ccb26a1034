"""Everything that faces a person or this machine."""
