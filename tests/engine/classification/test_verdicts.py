"""What a verdict carries besides its class."""

import pytest

from executor.domain.blockage import BlockageType
from executor.domain.outcome import Result
from executor.engine.classification import Evidence, Verdict, classify, look, package_of


def failed(stderr: str = "", *, command: str = "./x", code: int = 1, stdout: str = "") -> Evidence:
    return Evidence(command=command, exit_code=code, stderr=stderr, stdout=stdout)


def test_a_verdict_says_all_it_knows() -> None:
    found = look(failed("ModuleNotFoundError: No module named 'cv2'", command="python see.py"))

    assert found == Verdict(
        type=BlockageType.DEPENDENCY,
        cause="A Python module is missing: cv2",
        confidence=0.9,
        subclass="missing_python_module",
        hopeless=True,
        subject="cv2",
    )


@pytest.mark.parametrize(
    ("stderr", "subclass", "subject"),
    [
        ("bash: line 1: pandoc: command not found", "missing_command", "pandoc"),
        ("Error: Cannot find module '@scope/tool'", "missing_node_module", "@scope/tool"),
        ("a.c:1:10: fatal error: curl/curl.h: No such file or directory", "missing_dev_library", "curl/curl.h"),
        ("/usr/bin/ld: cannot find -lssl: No such file or directory", "missing_dev_library", "ssl"),
        ("x: libGL.so.1: cannot open shared object file: No such file or directory", "missing_library", "libGL.so.1"),
        ("Error: listen EADDRINUSE: address already in use 127.0.0.1:8080", "port_in_use", "8080"),
        ("cat: notes.txt: No such file or directory", "missing_file", "notes.txt"),
        ("E: Unable to locate package jqq", "package_not_found", "jqq"),
        ("bash: line 1: REPORT_DIR: unbound variable", "missing_env_var", "REPORT_DIR"),
    ],
)
def test_what_is_missing_or_taken_is_named(stderr: str, subclass: str, subject: str) -> None:
    found = look(failed(stderr))

    assert found
    assert (found.subclass, found.subject) == (subclass, subject)


@pytest.mark.parametrize(
    ("command", "stderr", "variable"),
    [
        ("./ship", "./ship: line 3: SHOP_API_TOKEN: unbound variable", "SHOP_API_TOKEN"),
        ("python ship.py", "RuntimeError: DB_PASSWORD environment variable is not set", "DB_PASSWORD"),
        ("python ship.py", "ValueError: Please set STRIPE_SECRET before running", "STRIPE_SECRET"),
        ('curl -f -H "X-Key: $CRM_KEY" http://x/', "curl: (22) The requested URL returned error: 401", "CRM_KEY"),
        ("git push", "fatal: Authentication failed for 'http://x/a.git/'", ""),
        ("ssh ann@x", "ann@x: Permission denied (publickey).", ""),
        ("curl -f http://x/", "curl: (22) The requested URL returned error: 403", ""),
    ],
)  # fmt: skip
def test_a_missing_credential_is_a_matter_for_a_person_at_once(command: str, stderr: str, variable: str) -> None:
    found = look(failed(stderr, command=command))

    assert found
    assert (found.type, found.subclass, found.hopeless, found.subject) == (
        BlockageType.EXTERNAL, "missing_credential", True, variable,
    )  # fmt: skip


def test_a_variable_that_is_no_secret_is_no_credential() -> None:
    found = look(failed("KeyError: 'MONKEY'"))

    assert found
    assert found.subclass == "runtime_bug"


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("429 Too Many Requests\nRetry-After: 34", 34.0),
        ("HTTP 429: rate limit exceeded, please retry in 1.5s", 1.5),
        ("429 Too Many Requests: try again in 250 ms", 0.25),
        ("rate limited: try again in 2 minutes", 120.0),
        ("429 RESOURCE_EXHAUSTED. {'error': {'details': [{'retryDelay': '21s'}]}}", 21.0),
        ("HTTP Error 429: Too Many Requests", 30.0),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(text: str, wait_s: float) -> None:
    found = look(failed(text))

    assert found
    assert (found.subclass, found.hopeless, found.wait_s) == ("rate_limited", False, wait_s)


def test_an_answer_in_json_says_how_long_to_wait_although_the_exit_code_is_zero() -> None:
    body = '{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":17}}'

    found = look(Evidence(command="curl -s http://x/send", exit_code=0, stdout=body))

    assert found
    assert (found.subclass, found.wait_s) == ("rate_limited", 17.0)


def test_a_secret_that_only_the_beginning_of_a_pipe_lacked_is_asked_for() -> None:
    said = "/usr/bin/bash: line 1: REPORT_TOKEN: parameter null or not set\n"

    found = look(Evidence(command='echo "${REPORT_TOKEN:?}" | cut -c 1-6', exit_code=0, stderr=said))

    assert found
    assert (found.subclass, found.subject) == ("missing_credential", "REPORT_TOKEN")


def test_errno_words_are_whole_words() -> None:
    found = look(failed("ModuleNotFoundError: no ENOTFOUNDATION"))

    assert found
    assert found.subclass != "dns_failure"


def test_a_stranger_s_package_is_never_proposed_for_a_module_of_one_s_own() -> None:
    found = look(failed("ModuleNotFoundError: No module named 'utils'"))

    assert found
    assert (found.type, found.subclass) == (BlockageType.ERROR, "import_path")


@pytest.mark.parametrize(
    ("module", "package"),
    [("cv2", "opencv-python-headless"), ("PIL.Image", "Pillow"), ("google.genai", "google-genai"), ("rich", "rich")],
)  # fmt: skip
def test_an_import_name_leads_to_its_package(module: str, package: str) -> None:
    assert package_of(module) == package


@pytest.mark.parametrize(
    ("known", "type", "cause"),
    [
        ({"timed_out": True, "exit_code": 137}, BlockageType.RESOURCE, "timed out after 5 s"),
        ({"exceeded": "memory", "exit_code": 137}, BlockageType.RESOURCE, "timed out after 5 s"),
        ({"exceeded": "processes", "exit_code": -9}, BlockageType.RESOURCE, "timed out after 5 s"),
        ({"stopped": True, "exit_code": -15}, BlockageType.EXTERNAL, "Somebody stopped it"),
        ({"refused": "writing outside", "exit_code": 1}, BlockageType.ERROR, "A rule forbids it: writing outside"),
        ({"status": 503}, BlockageType.EXTERNAL, "The other side has a fault"),
    ],
)  # fmt: skip
def test_what_the_executor_saw_itself_comes_first(known: dict[str, object], type: BlockageType, cause: str) -> None:
    found = classify(Result(success=False, error="timed out after 5 s", metadata={"stderr": "KeyError: 1", **known}))

    assert (found.type, found.cause) == (type, cause)


@pytest.mark.parametrize(("exceeded", "subclass"), [("memory", "out_of_memory"), ("processes", "process_limit")])
def test_what_took_too_much_is_told_by_what_it_was(exceeded: str, subclass: str) -> None:
    assert classify(Result(success=False, metadata={"exceeded": exceeded, "exit_code": 0})).subclass == subclass


def test_without_a_network_a_lost_host_is_no_fault_of_the_host() -> None:
    metadata = {"exit_code": 6, "network": False, "stderr": "curl: (6) Could not resolve host: x"}

    found = classify(Result(success=False, metadata=metadata))

    assert (found.subclass, found.hopeless) == ("network_disabled", True)


def test_retry_after_of_an_answer_is_kept() -> None:
    found = classify(Result(success=False, metadata={"status": 429, "retry_after_s": 12.0}))

    assert (found.subclass, found.wait_s) == ("rate_limited", 12.0)


def test_where_nothing_looks_wrong_a_failure_is_an_unknown_error() -> None:
    found = classify(Result(success=False, error="It does not hold", metadata={"exit_code": 1, "command": "grep x y"}))

    assert (found.type, found.cause, found.subclass) == (BlockageType.ERROR, "It does not hold", "unknown")


@pytest.mark.parametrize(
    ("host", "type"),
    [
        ("127.0.0.1", BlockageType.DEPENDENCY),
        ("db", BlockageType.DEPENDENCY),
        ("db.example.org", BlockageType.EXTERNAL),
    ],
)  # fmt: skip
def test_who_does_not_answer_here_is_ours_to_start(host: str, type: BlockageType) -> None:
    found = look(failed(f"could not connect to server {host} port 5432: Connection refused"))

    assert found
    assert found.type is type
