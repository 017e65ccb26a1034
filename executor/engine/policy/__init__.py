"""What runs unasked: autonomy, rules, conditions, and what an approval covers."""
