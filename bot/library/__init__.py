"""Milepost in a Python program of one's own: goals, tasks and milestones, with the program's functions as the work.

::

    from bot.library import AutonomousGoalExecutor

    with AutonomousGoalExecutor() as executor:
        goal_id = executor.set_goal("Learn to sail", success_criteria=["Read the book", "Pass the exam"])
        for task_id in executor.decompose_goal(goal_id):
            executor.execute_task(task_id, my_function)
"""

from bot.library.errors import Closed, TaskFailed, TaskNotReady, TaskStopped
from bot.library.facade import AutonomousGoalExecutor

__all__ = ["AutonomousGoalExecutor", "Closed", "TaskFailed", "TaskNotReady", "TaskStopped"]
