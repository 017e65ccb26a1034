"""What people may command, as the engine's façade puts it together."""
