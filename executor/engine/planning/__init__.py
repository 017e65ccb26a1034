"""Plans and their versions: from a brain's proposal to one that was adapted, and goals within goals."""
