"""The output of an earlier task arrives as data, whatever quotes stand around the reference."""

import hashlib

import pytest

from executor.actions.ask import Ask
from executor.actions.registry import Registry
from executor.actions.wait import Wait
from executor.domain.errors import WrongInput
from tests.actions.conftest import Scene
from tests.fakes import START

HOSTILE = {
    "a substitution": "$(touch pwned)",
    "backticks": "`touch pwned`",
    "a single quote": "'; touch pwned; '",
    "a double quote": '"; touch pwned; "',
    "both quotes": "'\"; touch pwned; \"'",
    "a newline": "one\ntouch pwned\n\ntwo",
    "blanks and a glob": "  a   b  * ?  ",
    "a subscript": "a[$(touch pwned)]",
    "a parameter": "${IFS}$HOME${x:=$(touch pwned)}",
    "backslashes": "\\n\\\\ \\$(touch pwned)\\",
    "an end of a heredoc": "END\ntouch pwned",
    "unicode": "ünïcödé 🎯 \u202eabc 日本",
    "operators": "; touch pwned & touch pwned | touch pwned > pwned",
    "history and comments": "!! # not a comment",
    "looks like a reference": "${1.output} ${MILEPOST_OUTPUT_1}",
    "an option": "-n",
    "nothing": "",
}

PLACES = {
    "bare": "printf '%s|' ${1.output}",
    "in double quotes": "printf '%s|' \"${1.output}\"",
    "in single quotes": "printf '%s|' '${1.output}'",
    "in ANSI quotes": "printf '%s|' $'${1.output}'",
    "in an assignment": "x=${1.output}; printf '%s|' \"$x\"",
    "in a substitution": "printf '%s|' \"$(printf '%s.' ${1.output})\" | sed 's/\\.|$/|/'",
    "in a quoted substitution": 'x="$(printf \'%s.\' "${1.output}")"; printf \'%s|\' "${x%.}"',
    "in a default": "printf '%s|' \"${nothing-${1.output}}\"",
    "in a bare default": "x=${nothing-${1.output}}; printf '%s|' \"$x\"",
    "in a function": "f() { printf '%s|' \"$1\"; }; f ${1.output}",
    "in a loop": "for x in ${1.output}; do printf '%s|' \"$x\"; done",
    "in a subshell": "(printf '%s|' '${1.output}')",
    "in an array": "x=(${1.output}); printf '%s|' \"${x[0]}\"",
    "in a test": "[[ ${1.output} == \"${MILEPOST_OUTPUT_1}\" ]] && printf '%s|' '${1.output}'",
    "in a heredoc": "x=$(cat <<END\n${1.output}.\nEND\n); printf '%s|' \"${x%.}\"",
    "in a here string": "IFS= read -r -d '' x <<< ${1.output}; printf '%s|' \"${x%?}\"",
    "after a comment": "# isn't ${1.output}\nprintf '%s|' '${1.output}'",
    "as an argument of a program": 'bash -c \'printf "%s|" "$1"\' _ ${1.output}',
    "twice in a row": "x='${1.output}'\"${1.output}\"${1.output}; n=${#x}; printf '%s|' \"${x:0:n/3}\"",
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_hostile_output_arrives_unharmed_and_harmless(scene: Scene, place: str) -> None:
    for hostile in HOSTILE.values():
        result = await scene.shell(PLACES[place], {"1": hostile})

        assert (result.output, result.error) == (hostile.rstrip("\n") + "|", None)
    assert not (scene.workspace / "pwned").exists()


EVALUATED = {
    "arithmetic": "echo $(( ${1.output} + 1 ))",
    "old arithmetic": "echo $[ ${1.output} + 1 ]",
    "an arithmetic command": "(( x = ${1.output} )); echo $x",
    "a subscript": "a[${1.output}]=1",
    "a subscript that is read": "echo ${a[${1.output}]}",
    "an offset": "echo ${HOME:${1.output}}",
    "a numeric test": "[[ ${1.output} -gt 3 ]] && echo more",
    "a quoted numeric test": '[[ "${1.output}" -gt 3 ]] && echo more',
    "eval": 'eval "echo ${1.output}"',
    "let": "let x=${1.output}",
    "an integer variable": "declare -i x=${1.output}",
    "a name to read into": "read ${1.output} <<< x",
    "the program of bash": "bash -c 'echo ${1.output}'",
    "the program of sh in double quotes": 'sh -c "echo ${1.output}"',
    "the program of bash with more options": "timeout 5 /bin/bash -ec 'echo ${1.output}'",
    "the program of python": "python3 -c 'print(${1.output})'",
    "the program of awk": "awk 'BEGIN { print ${1.output} }'",
    "the program of awk after an option": "awk -v x=1 'BEGIN { print ${1.output} }'",
    "the program of sed": 'echo a | sed "s/a/${1.output}/"',
    "the program of sed after -e": 'echo a | sed -n -e "s/a/${1.output}/p"',
    "a trap": 'trap "${1.output}" EXIT',
    "a shell's standard input": "bash <<END\necho ${1.output}\nEND",
    "a shell's here string": 'bash <<< "echo ${1.output}"',
    "python's standard input": "python3 - <<'END'\nprint(${1.output})\nEND",
    "a heredoc with a quoted delimiter": "cat <<'END'\n${1.output}\nEND",
    "backticks": "echo `echo ${1.output}`",
    "a program behind others": "if true; then X=1 env nice bash 2>&1 -c 'echo ${1.output}'; fi",
    "a pipe into a shell": "echo echo ${1.output} | cat | bash -s",
    "a loop piped into a shell": "for i in 1 2; do echo echo ${1.output}; done | sh",
    "a shell's file": "bash <(echo echo ${1.output})",
    "a subscript in an array": "a=([${1.output}]=x)",
    "what bash runs first": "BASH_ENV=${1.output} bash -c :",
    "a quoted eval": "\\ev''al echo ${1.output}",
    "a variable's name in a test": "[ -v ${1.output} ] || test -v ${1.output} || true",
    "a variable's name": "printf -v ${1.output} x",
    "an option between": "bash -c -- 'echo ${1.output}'",
    "xargs": "echo a | xargs -I{} sh -c 'echo {} ${1.output}'",
    "find": "find . -exec sh -c 'echo ${1.output}' \\;",
}


NAMES = ("a trap", "a name to read into", "a variable's name")  # places where a number is nothing either


@pytest.mark.parametrize("place", EVALUATED)
async def test_where_text_would_be_evaluated_only_a_whole_number_gets_in(scene: Scene, place: str) -> None:
    number = await scene.shell(EVALUATED[place], {"1": "7\n"})

    assert number.success or place in NAMES
    with pytest.raises(WrongInput, match=r"^\$\{1\.output\} stands (in|on|after) "):
        await scene.shell(EVALUATED[place], {"1": "a[$(touch pwned)]"})
    assert not (scene.workspace / "pwned").exists()


@pytest.mark.parametrize(
    "command",
    ["awk -v x=${1.output} 'BEGIN { print x }'", "sed 's/a/b/' ${1.output}", "python3 -c 'import sys' ${1.output}"],
)
async def test_an_argument_beside_a_program_is_data(scene: Scene, command: str) -> None:
    (scene.workspace / "notes").write_text("a")

    assert (await scene.shell(command, {"1": "notes"})).error is None


async def test_a_quote_that_is_never_closed_counts_as_evaluated(scene: Scene) -> None:
    with pytest.raises(WrongInput, match="after a quote that is never closed"):
        await scene.shell('echo "${1.output}', {"1": "x"})


async def test_brackets_without_end_are_no_way_to_break_the_reader(scene: Scene) -> None:
    with pytest.raises(WrongInput, match="too deep inside brackets"):
        await scene.shell("$(" * 5000 + "${1.output}", {"1": "x"})


async def test_an_escaped_reference_stays_text(scene: Scene) -> None:
    result = await scene.shell('echo "\\${1.output}"', {"1": "x"})

    assert result.output == "${1.output}\n"


@pytest.mark.parametrize("size", [60_000, 200_000, 3_000_000])
async def test_an_output_of_any_size_arrives_whole(scene: Scene, size: int) -> None:
    text = "0123456789 $(touch pwned)\n" * (size // 26)

    result = await scene.shell("printf '%s' '${big-one.output}' | sha256sum", {"big-one": text})

    assert result.output.split()[0] == hashlib.sha256(text.rstrip("\n").encode()).hexdigest()
    assert not (scene.workspace / "pwned").exists()
    assert sorted(path.name for path in (scene.workspace / ".milepost").iterdir()) == [".gitignore", "tmp"]


async def test_many_outputs_that_fill_an_environment_together_arrive(scene: Scene) -> None:
    outputs = {str(key): str(key) * 60_000 for key in range(1, 10)}
    command = "printf '%s' " + " ".join(f"${{{key}.output}}" for key in outputs) + " | wc -c"

    result = await scene.shell(command, outputs)

    assert result.output.strip() == str(9 * 60_000)


async def test_a_nul_in_an_output_is_replaced(scene: Scene) -> None:
    assert (await scene.shell("printf %s ${1.output}", {"1": "a\x00b"})).output == "a�b"


async def test_keys_that_look_alike_keep_their_own_outputs(scene: Scene) -> None:
    result = await scene.shell("echo ${a-b.output} ${a_b.output}", {"a-b": "first", "a_b": "second"})

    assert result.output == "first second\n"


async def test_the_record_shows_the_command_as_it_was_planned(scene: Scene) -> None:
    result = await scene.shell("echo ${1.output}", {"1": "x"})

    assert result.metadata["command"] == "echo ${1.output}"
    assert [command for _, _, command in scene.started] == ["echo ${1.output}"]


async def test_a_program_of_a_wait_gets_data_too(scene: Scene) -> None:
    wait = Wait(scene.launcher, START.tzinfo)  # type: ignore[arg-type]
    filled = Registry([wait]).fill(
        {"command": "test '${1.output}' = '$(touch pwned)'"}, "wait", {"1": "$(touch pwned)"}
    )

    result = await wait.run(filled, scene.context())

    assert getattr(result, "success", None) is True
    assert not (scene.workspace / "pwned").exists()


def test_in_other_parameters_a_reference_is_plain_text() -> None:
    registry = Registry([Ask()])
    parameters = {"question": "Is ${1.output} right?", "choices": ["${make-folder.output}", "${other.output}"], "n": 3}

    filled = registry.fill(parameters, "ask", {"1": "this\n\n", "make-folder": "yes"})

    assert filled == {"question": "Is this right?", "choices": ["yes", "${other.output}"], "n": 3}


def test_keys_are_found_in_every_text_and_once() -> None:
    parameters = {
        "a": "${1.output} ${2.output}",
        "b": ["${1.output}", {"c": "${make-folder.output}"}],
        "d": "${HOME} ${x}",
    }

    assert Registry([]).keys_used(parameters) == ["1", "2", "make-folder"]


def test_an_unknown_key_stays_as_it_is() -> None:
    assert Registry([]).fill({"content": "`${r.output}`"}, "write", {"1": "x"}) == {"content": "`${r.output}`"}
