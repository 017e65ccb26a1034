"""Questions to people, and what follows from each answer."""
