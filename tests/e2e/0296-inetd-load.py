#!/usr/bin/env python3
# serial
# timeout: 90
"""Ten thousand connections a second to a service that inetd serves itself and to one that it refuses: none
is lost, nothing is left of them, and another service goes on. 0297 does the same for longer."""
import sys

sys.dont_write_bytecode = True
import load_lab  # noqa: E402

load_lab.run(seconds=5.5)  # 15 for both, with the warming up
