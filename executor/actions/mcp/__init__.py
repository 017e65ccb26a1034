"""Tool servers that speak the Model Context Protocol: started, listed, pinned and called."""
