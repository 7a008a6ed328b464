"""`python -m services.signal_cache`."""

import sys

from common.process import main
from services.signal_cache.service import SignalCache

if __name__ == "__main__":
    sys.exit(main(SignalCache, SignalCache.name))
