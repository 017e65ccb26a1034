"""The fixed set of goals: what is asked for, the commands that do it, and how one sees that it is done."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """`mended_by`: the command fails at first. Milepost's rules mend it; a loop sees the error, runs this, and then the
    command again."""

    title: str
    command: str
    mended_by: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """`truth` succeeds in its folder where it is reached."""

    name: str
    text: str
    steps: tuple[Step, ...]
    truth: str

    def turns(self) -> Iterator[Step]:
        """What a loop runs, one after the other."""
        for step in self.steps:
            yield step
            if step.mended_by:
                yield Step("Mend what was missing", step.mended_by)
                yield Step(step.title, step.command)


def _file(path: str, text: str) -> str:
    return f"cat > {path} <<'END'\n{text}\nEND"


_CALCULATOR = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return a - b"
_TESTS = "from calculator import add, subtract\n\nassert add(2, 3) == 5\nassert subtract(3, 2) == 1\nprint('all good')"
_SUMS = "import csv\n\nrows = list(csv.DictReader(open('sales.csv')))\nprint(sum(int(row['sold']) for row in rows))"
_LINKS = "grep -q about.html index.html && grep -q index.html about.html && echo 'no dead links'"

GOALS: tuple[Goal, ...] = (
    Goal(
        name="calculator (3 steps)",
        text="Write a small Python calculator module that can add and subtract, with a test that proves it",
        steps=(
            Step("Write the module", _file("calculator.py", _CALCULATOR)),
            Step("Write the test", _file("test_calculator.py", _TESTS)),
            Step("Run the test", "python3 test_calculator.py"),
        ),
        truth="python3 test_calculator.py",
    ),
    Goal(
        name="word count (4 steps)",
        text="Write three notes about spring, summer and autumn, count their words and put the counts in report.txt",
        steps=(
            Step("Write about spring", "echo 'The first leaves come out in April.' > spring.txt"),
            Step("Write about summer", "echo 'The days are long and the evenings warm.' > summer.txt"),
            Step("Write about autumn", "echo 'Leaves fall, and apples are ripe.' > autumn.txt"),
            Step("Count the words", "wc -w spring.txt summer.txt autumn.txt > report.txt && cat report.txt"),
        ),
        truth="grep -q '21 total' report.txt",
    ),
    Goal(
        name="sales figures (4 steps)",
        text="Make a table of the sales of three shops, sum it up with Python, and write the sum into summary.md",
        steps=(
            Step("Make the table", "printf 'shop,sold\\nnorth,12\\nsouth,30\\nwest,8\\n' > sales.csv"),
            Step("Write the program", _file("sums.py", _SUMS)),
            Step("Sum it up", "python3 sums.py > sum.txt && cat sum.txt"),
            Step("Write the summary", 'echo "# Sales\n\n$(cat sum.txt) pieces were sold." > summary.md'),
        ),
        truth="grep -q '50 pieces' summary.md",
    ),
    Goal(
        name="backup into a missing folder (3 steps, one mended)",
        text="Pack notes.txt into backup/notes.tgz and write its checksum beside it",
        steps=(
            Step("Write the notes", "echo 'remember the milk' > notes.txt"),
            Step("Pack", "tar czf - notes.txt > backup/notes.tgz", mended_by="mkdir -p backup"),
            Step("Write the checksum", "cd backup && sha256sum notes.tgz > notes.tgz.sha256 && cat notes.tgz.sha256"),
        ),
        truth="cd backup && sha256sum -c notes.tgz.sha256",
    ),
    Goal(
        name="web site (6 steps)",
        text="Make a web site of two pages with a style sheet, check its links, and pack it into site.tgz",
        steps=(
            Step("Make the style sheet", "echo 'body { font-family: sans-serif; margin: 2em }' > style.css"),
            Step(
                "Write the first page",
                _file("index.html", "<link rel=stylesheet href=style.css><h1>Hello</h1><a href=about.html>About</a>"),
            ),
            Step(
                "Write the second page",
                _file("about.html", "<link rel=stylesheet href=style.css><h1>About</h1><a href=index.html>Back</a>"),
            ),
            Step("Check the links", _LINKS),
            Step("Pack it", "tar czf site.tgz index.html about.html style.css"),
            Step("List what is in it", "tar tzf site.tgz"),
        ),
        truth="test $(tar tzf site.tgz | wc -l) = 3",
    ),
    Goal(
        name="numbers in stages (12 steps)",
        text="Compute the squares of 1 to 10, one stage after the other, check their sum, and write result.txt",
        steps=(
            *(
                Step(f"Square {n}", f"echo $(({n} * {n})) >> squares.txt && tail -n 1 squares.txt")
                for n in range(1, 11)
            ),
            Step("Add them up", "paste -sd+ squares.txt | sed 's/.*/echo $((&))/' | sh > sum.txt && cat sum.txt"),
            Step("Write the result", 'echo "The sum of the squares is $(cat sum.txt)." > result.txt'),
        ),
        truth="grep -q 'is 385' result.txt",
    ),
)
