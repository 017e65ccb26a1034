"""Isolation of what runs: mounts, namespaces, limits and an identity of its own, by bubblewrap."""
