"""CoverUp's command line with a model on this machine: without a price, and with an end to each answer.

    python coverup_start.py --model openai/NAME … (as `coverup`)

Runs in CoverUp's environment. What an answer costs is asked after each one, and a model without a price would end the
run there. CoverUp sets no limit to an answer either: a small model that begins to repeat itself goes on to the end of
its context, which is all that would happen in a run of a minute.
"""

import importlib
import sys
from functools import partial
from typing import Any

ANSWER = 512
"""Tokens of an answer at most: about fifty lines of a test."""

if __name__ == "__main__":
    del sys.path[0]  # the folder of this file, whose modules are nothing for CoverUp
    litellm: Any = importlib.import_module("litellm")
    main = importlib.import_module("coverup.coverup").main
    model = sys.argv[sys.argv.index("--model") + 1]
    free = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
    about = {"litellm_provider": "openai", "mode": "chat", **free}
    litellm.register_model(dict.fromkeys((model, model.partition("/")[2]), about))
    litellm.acreate = partial(litellm.acreate, max_tokens=ANSWER)
    sys.exit(main())
