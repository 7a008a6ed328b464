"""`python -m services.inference_worker`."""

import sys

from common.process import main
from services.inference_worker.service import InferenceWorker

if __name__ == "__main__":
    sys.exit(main(InferenceWorker, InferenceWorker.name))
