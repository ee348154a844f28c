"""What to change in a test after an exception.

`stated` goes by the text of the exception, one module for each kind of it; `traced` by the traceback. `behind` says
whether getting past it leads anywhere new.
"""

from qeforge.engine.repairs.behind import Behind
from qeforge.engine.repairs.mender import Mender, incomplete
from qeforge.engine.repairs.messages import wanted_types

__all__ = ["Behind", "Mender", "incomplete", "wanted_types"]
