"""Telegram, and everything that speaks its Bot API: commands, buttons, cards, access, the inbox and the sender.

Nothing outside this package imports `telegram`; nothing in it decides anything about goals.
"""
