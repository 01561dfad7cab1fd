#!/usr/bin/env python3
# serial
# tier: deep
# timeout: 600
"""Ten thousand connections a second for a minute, to a service that inetd serves itself and to one that it
refuses; a million refusals, as fast as they go: nothing is left of them."""
import sys

sys.dont_write_bytecode = True
import load_lab  # noqa: E402

load_lab.run(seconds=60, refusals=1000000)
