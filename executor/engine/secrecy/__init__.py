"""Secret values: stored sealed, given by name, and found in whatever form they come back."""
