"""Three goals for an empty chat: (words on the button, the goal's text). They need no model and show what happens."""

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("🩺 How is this machine?", "Health report of this machine"),
    ("🐍 A Python project with a test", "New Python project called hello"),
    ("👀 Watch a page", "Watch https://example.com/ for changes #every_minutes=1 #times=2"),
)
