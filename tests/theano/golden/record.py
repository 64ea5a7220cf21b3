"""Records what Theano 1.0.5 answers to ``cases.py``, one JSON file a section; needs Theano, not symconv.

    python3.8 -m venv oracle
    oracle/bin/pip install Theano==1.0.5 numpy==1.19.5 scipy==1.5.4 six
    THEANO_FLAGS=device=cpu,cxx= oracle/bin/python tests/theano/golden/record.py

Without ``cxx=`` the C implementations answer, more slowly; they are what users had.
"""



import json
import sys
import warnings
from pathlib import Path

import cases
import theano
import theano.gradient
import theano.ifelse
import theano.sandbox.linalg
import theano.sandbox.rng_mrg
import theano.tensor.nnet.bn
import theano.tensor.nnet.conv3d2d
import theano.tensor.nnet.corr
import theano.tensor.nnet.neighbours
import theano.tensor.shared_randomstreams
import theano.tensor.signal.conv
import theano.tensor.signal.pool
import theano.tensor.slinalg
import theano.tensor.xlogx

HERE = Path(__file__).resolve().parent


def main():
    warnings.simplefilter("ignore")
    for section, codes in cases.SECTIONS.items():
        if sys.argv[1:] and section not in sys.argv[1:]:
            continue
        answers = {}
        for float_x in ("float64", "float32") if section in cases.SINGLE else ("float64",):
            answers[float_x] = {code: cases.outcome(theano, code, float_x) for code in codes}
        lines = []
        for float_x, found in answers.items():
            pairs = ",\n".join(f"  {json.dumps(code)}: {json.dumps(answer)}" for code, answer in found.items())
            lines.append(f'"{float_x}": {{\n{pairs}\n}}')
        (HERE / (section + ".json")).write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(section, len(codes), sum("raises" in a for found in answers.values() for a in found.values()))


main()
