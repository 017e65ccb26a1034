"""Takes the picture in the README from the running program: a real goal in the local chat, in headless Chromium.

Run it by `make screenshot`. It starts Milepost on a folder of its own, types the goal as a person would, presses the
buttons, and lays the three moments side by side.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

GOAL = """/goal Back up my notes by 18:00
- The archive exists: `test -s notes.tgz`
- It can be unpacked: `tar tzf notes.tgz`
1. Write a note: `mkdir -p notes && date > notes/today.txt`
2. Pack: `sleep 2 && tar czf notes.tgz notes` after 1
3. Ask Ann whether she wants a copy after 2"""
TARGET = Path(__file__).parent.parent / "docs" / "first-goal.png"
WIDTH, HEIGHT = 400, 820
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]


@contextmanager
def milepost(folder: Path) -> Iterator[str]:
    """The running program's local chat; its address."""
    program = [sys.executable, "-m", "bot.cli", "up"]
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "MILEPOST_DATA_DIR": str(folder),
        "MILEPOST_LOCAL_CHAT__PORT": "0",
    }
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield next(found[0] for line in process.stdout if (found := re.search(r"http\S+", line)))
        finally:
            process.terminate()


def moments(page: Page) -> Iterator[bytes]:
    """The plan; the work, waiting for a person; the receipt."""
    page.locator("textarea").fill(GOAL)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Start").last.wait_for()
    page.wait_for_timeout(500)
    yield page.screenshot()
    page.get_by_role("button", name="Start").last.click()
    page.get_by_role("button", name="Done").wait_for()
    page.wait_for_timeout(4000)  # the toast goes
    yield page.screenshot()
    page.get_by_role("button", name="Done").click()
    page.get_by_text("Receipt").wait_for()
    page.wait_for_timeout(4000)
    yield page.screenshot()


def side_by_side(page: Page, pictures: list[bytes]) -> None:
    images = "".join(f'<img src="data:image/png;base64,{b64encode(one).decode()}">' for one in pictures)
    style = f"body{{margin:0;display:flex;gap:16px;background:#fff}}img{{width:{WIDTH}px;border-radius:14px}}"
    page.set_viewport_size({"width": 3 * WIDTH + 32, "height": HEIGHT})
    page.set_content(f"<style>{style}</style>{images}")
    page.wait_for_timeout(300)
    TARGET.parent.mkdir(exist_ok=True)
    page.screenshot(path=TARGET)


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is missing: install it (Debian: apt-get install chromium) and try again.")
    with tempfile.TemporaryDirectory() as folder, milepost(Path(folder)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(address)
        page.locator("textarea").wait_for()
        pictures = list(moments(page))
        side_by_side(browser.new_page(), pictures)
        browser.close()
    sys.stdout.write(f"{TARGET}\n")


if __name__ == "__main__":
    main()
