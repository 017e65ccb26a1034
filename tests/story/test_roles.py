"""Who is asked: roles and models by purpose, from the configuration to the request, and to what it costs."""

from pathlib import Path

from bot.localchat import LocalChat
from tests.modelserver import ModelServer, says
from tests.telegram.talk import Json, talking, words

PATIENCE_S = 60.0


async def test_a_tasks_role_and_the_purpose_choose_the_model_and_its_price(
    tmp_path: Path, room: LocalChat, server: ModelServer
) -> None:
    poem: Json = {"key": "1", "title": "Write it", "action": "draft", "parameters": {"instructions": "A poem"}}
    way = {"name": "plainly", "tasks": [poem | {"role": "poet"}]}
    opinion = {"kind": "opinion", "question": "Does it rhyme?"}
    criteria = [{"text": "It rhymes", "check": opinion}]
    server.on("plan", says({"criteria": criteria, "alternatives": [way], "chosen": "plainly"}))
    server.on("draft", says("Roses are red"))
    server.on("judge", says({"deviation": 0, "met": True, "evidence": "red and bed"}))
    brain = {
        "provider": "openai",
        "model": "usual",
        "base_url": f"{server.url}/v1",
        "price_in": 1.0,
        "price_out": 10.0,
        "models": {"judge": "small"},
        "prices": {"small": [0.5, 1.0]},
    }
    roles = {"poet": {"instructions": "You rhyme.", "model": "muse", "capabilities": ["verse"]}}
    async with talking(tmp_path / "data", room, chosen={"brain": brain, "roles": roles}) as talk:
        card = await talk.say("/goal A poem for Ann #domain=verse", "Nothing runs before you press Start")
        while "Start" not in str(card.get("reply_markup")):
            card = await talk.hear("Nothing runs before you press Start", patience_s=PATIENCE_S)
        await talk.press(card, "Start")
        receipt = words(await talk.hear("Goal Complete", patience_s=PATIENCE_S))
        spent = {one.purpose: (one.model, str(one.cost)) for one in await talk.house.executor.spending(1)}

    assert [(one.purpose, one.model) for one in server.asked] == [
        ("plan", "usual"),
        ("draft", "muse"),
        ("judge", "small"),
    ]
    assert spent == {"plan": ("usual", "0.0003"), "draft": ("muse", "0"), "judge": ("small", "0.00007")}
    assert "Your role is poet. You rhyme." in server.asked[1].text
    assert '\\"poet\\":[\\"verse\\"]' in server.asked[0].text
    assert '\\"domain\\":\\"verse\\"' in server.asked[0].text
    assert "Opinion of small: red and bed" in receipt


async def test_testing_required_demands_the_tests(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room) as talk:
        card = await talk.say(
            "/goal Say it #testing_required\n1. Say: `echo hello`", "Nothing runs before you press Start"
        )

    assert "Checks before the end\n• The tests pass" in words(card)
