"""What keeps a task from going on, and what would mend it: missing values, prerequisites, fixes, lessons, loops."""
