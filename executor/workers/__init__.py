"""Who runs attempts: this process, and later other processes and machines."""
