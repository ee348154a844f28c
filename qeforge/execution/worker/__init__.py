"""The side that runs inside the target's interpreter: standard library only, Python 3.10 and newer."""
