from executor.planner.models.trial import REMEDIES
from executor.ports import Failure


def test_there_is_a_remedy_for_each_failure() -> None:
    assert set(REMEDIES) == set(Failure)
    assert all(REMEDIES.values())
