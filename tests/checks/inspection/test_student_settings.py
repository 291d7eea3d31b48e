"""Tasks 4.4 to 4.7: whatever the student has set for the whole kernel."""

import pytest
import torch

from helpers import checks
from helpers.models import ConvNet
from tests.checks.inspection.parts import (
    batched_occlusion,
    confident_mistakes,
    confusion_matrix,
    get_activations,
    gradient,
    page_of,
)
from tests.checks.tables import (
    assert_no_trace,
    assert_passes,
)

MODEL = ConvNet()
WHOLE = {
    "activations": (checks.activations, get_activations),
    "decision_map": (checks.decision_map, batched_occlusion),
    "mistakes": (checks.mistakes, confusion_matrix, confident_mistakes),
    "own_page": (checks.own_page, page_of(MODEL), 281_640, MODEL),
}


@pytest.mark.parametrize("answers", WHOLE.values(), ids=WHOLE)
def test_passes_whatever_the_default_device_and_type(answers):
    torch.set_default_device("meta")  # stands for a GPU: tensors made there do not mix with others
    try:
        assert_passes(*answers)
        assert torch.get_default_device() == torch.device("meta")
    finally:
        torch.set_default_device(None)
    torch.set_default_dtype(torch.float64)
    try:
        assert_passes(*answers)
        assert_no_trace(*answers)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("answers", WHOLE.values(), ids=WHOLE)
def test_passes_without_gradients(answers):
    with torch.no_grad():
        assert_passes(*answers)
        assert_passes(checks.decision_map, gradient())
        assert_no_trace(*answers)
