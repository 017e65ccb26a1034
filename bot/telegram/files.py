"""Files that people send, fetched from the chat."""

from telegram import Bot
from telegram.error import TelegramError

from executor.domain.errors import WrongInput


async def fetch_file(bot: Bot, file_id: str) -> bytes:
    """Its content. Raises WrongInput where the chat does not give it."""
    try:
        file = await bot.get_file(file_id)
        return bytes(await file.download_as_bytearray())
    except TelegramError as error:
        raise WrongInput(f"I could not fetch that file ({error}). Please send it again, or paste its text.") from error
