"""What Milepost costs, each figure beside what the same machine does without it, in the same run.

`python -m benchmarks` runs everything and writes RESULTS.md beside this file. Nothing here is a test: no figure ever
decides about a build.
"""
