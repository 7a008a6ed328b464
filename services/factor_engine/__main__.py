"""`python -m services.factor_engine`."""

import sys

from common.process import main
from services.factor_engine.service import FactorEngine

if __name__ == "__main__":
    sys.exit(main(FactorEngine, FactorEngine.name))
