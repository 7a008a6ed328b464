"""`python -m services.monitor`."""

import sys

from common.process import main
from services.monitor.service import Monitor

if __name__ == "__main__":
    sys.exit(main(Monitor, Monitor.name))
