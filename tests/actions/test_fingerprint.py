import random
from pathlib import Path

from executor.actions.fingerprint import fingerprint

SEED = 7
COMMAND = "python3 run.py --to ann@example.org && echo done"


def test_the_same_thing_has_the_same_digest(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("print(1)")

    assert fingerprint("shell", {"command": COMMAND}, tmp_path) == fingerprint("shell", {"command": COMMAND}, tmp_path)


def test_a_changed_file_that_the_command_names_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("print(1)")
    before = fingerprint("shell", {"command": COMMAND}, tmp_path)

    (tmp_path / "run.py").write_text("print(2)")

    assert fingerprint("shell", {"command": COMMAND}, tmp_path) != before


def test_ten_thousand_mutated_commands_are_all_something_else(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    approved = fingerprint("shell", {"command": COMMAND}, tmp_path)

    mutated = {_mutated(COMMAND, chance) for _ in range(11_000)}
    mutated.discard(COMMAND)

    assert len(mutated) >= 10_000
    assert all(fingerprint("shell", {"command": one}, tmp_path) != approved for one in mutated)
    assert fingerprint("python", {"command": COMMAND}, tmp_path) != approved
    assert fingerprint("shell", {"command": COMMAND, "repeatable": False}, tmp_path) != approved


def _mutated(command: str, chance: random.Random) -> str:
    for _ in range(chance.randint(2, 4)):
        place = chance.randrange(len(command) + 1)
        strange = chance.choice("abz \u200b\u202e\u0430;|&'\"\\\n0")
        command = command[:place] + strange + command[place + chance.randrange(2) :]
    return command
