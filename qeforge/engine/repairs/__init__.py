"""What to change in a test after an exception.

`stated` goes by the text of the exception, one module for each kind of it; `traced` by the traceback.
"""

from qeforge.engine.repairs.mender import Mender, incomplete
from qeforge.engine.repairs.messages import wanted_types

__all__ = ["Mender", "incomplete", "wanted_types"]
