"""One attempt of one task, from the claim to the verdict."""
