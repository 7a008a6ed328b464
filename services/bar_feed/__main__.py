"""`python -m services.bar_feed`."""

import sys

from common.process import main
from services.bar_feed.service import BarFeed

if __name__ == "__main__":
    sys.exit(main(BarFeed, BarFeed.name))
