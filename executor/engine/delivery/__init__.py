"""From the outbox to the chats, in order and at a pace that they take."""
