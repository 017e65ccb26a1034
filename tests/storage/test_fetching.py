"""Questions to the database: what is worked out once."""

from sqlalchemy import Column, Integer, MetaData, Table, select
from sqlalchemy.dialects.sqlite import dialect

from storage.fetching import Question


def test_readers_and_the_writer_take_turns_without_making_a_question_anew() -> None:
    table = Table("things", MetaData(), Column("number", Integer))
    question = Question(select(table.c.number), lambda row: row.number)
    reader, writer = dialect(), dialect()
    first = [question.compiled(reader), question.compiled(writer)]

    again = [question.compiled(reader), question.compiled(writer)]

    assert [one is before for one, before in zip(again, first, strict=True)] == [True, True]
