"""smolagents' CodeAgent as it comes, with one tool. Arguments: the server, the folder, the task."""
# mypy: disable-error-code="import-not-found,untyped-decorator,misc"

import subprocess
import sys

from smolagents import CodeAgent, OpenAIModel, tool


def main(url: str, folder: str, task: str) -> None:
    @tool
    def shell(command: str) -> str:
        """Runs a shell command in the task's folder and returns its exit code and its output.

        Args:
            command: The command.
        """
        ran = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
        return f"exit code {ran.returncode}\n{ran.stdout}{ran.stderr}"

    model = OpenAIModel(model_id="scripted", api_base=url, api_key="none")
    CodeAgent(tools=[shell], model=model, max_steps=40, verbosity_level=0).run(task)


if __name__ == "__main__":
    main(*sys.argv[1:])
