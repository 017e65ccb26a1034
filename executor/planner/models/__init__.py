"""Models over the network: providers, what they cost, and the one loop in which each is asked."""
