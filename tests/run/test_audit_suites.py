"""llm-audit and chatbot-safety: with a model's path (and XSTest's) alone, all that the model can do will run."""

import re
from pathlib import Path

import pytest

from genbench.core.errors import SuiteError
from genbench.core.probe import AXES
from genbench.data.pronoun_pairs import MEN, WOMEN, pronoun_pairs
from genbench.run.plan import make_plan
from genbench.run.suite import Suite

XSTEST = Path(__file__).parents[2] / ".." / "shared" / "data" / "xstest" / "xstest_prompts.csv"


@pytest.fixture
def model(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}')
    return str(tmp_path)


def test_llm_audit_needs_no_more_than_a_model_and_reaches_all_six_axes(model):
    plan = make_plan(Suite.load("llm-audit", overrides=[f"models.0.hf={model}"]))
    own = [cell for cell in plan.cells if cell.model.name == "model"]
    running = {cell.probe.axis for cell in own if not cell.because}
    assert running == set(AXES)
    because = {cell.probe.id: cell.because for cell in own if cell.because}
    assert "holds no conversations" in because["misuse.distress"]
    assert not any("memorization.extraction" in id or "perplexity" in id for id in because)
    seen = {cell.probe.id: cell.lens for cell in own if not cell.because}
    assert seen["bias.substitution"].id == "text.genders"
    assert {"misuse.rank_tell", "misuse.likelihood_tell"} <= set(seen)


def test_llm_audits_own_words_put_an_instruct_checkpoint_beside_its_bare_self(model):
    about = " ".join(Suite.load("llm-audit").about.split())
    (said,) = re.findall(r"--set '(models\.1=.*?)' ", about)
    plan = make_plan(Suite.load("llm-audit", overrides=[f"models.0.hf={model}", said.replace("MODEL", model)]))
    able = {name: {c.probe.id for c in plan.runnable if c.model.name == name} for name in ("model", "chatbot")}
    assert "misuse.distress" in able["chatbot"] - able["model"]
    assert "quality.perplexity" in able["model"] - able["chatbot"]
    assert plan.models[1].settings["template"] == "own"


def test_llm_audit_of_a_chatbot_holds_conversations_too(model):
    chatbot = (
        f"models.0={{name: model, family: dialogue, data: prose, settings: {{of: hf, settings: {{path: {model}}}}}}}"
    )
    plan = make_plan(Suite.load("llm-audit", overrides=[chatbot]))
    able = {cell.probe.id for cell in plan.cells if cell.model.name == "model" and not cell.because}
    assert {"misuse.distress", "quality.consistency"} <= able


def test_chatbot_safety_names_the_path_that_it_lacks(model):
    with pytest.raises(SuiteError, match=r"--set data\.(xstest|pressed)\.path=FILE"):
        Suite.load("chatbot-safety", overrides=[f"models.0.settings.settings.path={model}"])


@pytest.mark.skipif(not XSTEST.exists(), reason="XSTest is not beside the checkout")
def test_chatbot_safety_runs_whole_with_paths_alone_and_its_lenses_can_be_changed(model):
    paths = [f"models.0.settings.settings.path={model}", *(f"data.{d}.path={XSTEST}" for d in ("xstest", "pressed"))]
    plan = make_plan(Suite.load("chatbot-safety", overrides=paths))
    assert [cell.because for cell in plan.cells if cell.because] == []
    judge = f"probes.0.lens={{lens: text.judge, settings: {{of: hf, settings: {{path: {model}}}}}}}"
    judged = make_plan(Suite.load("chatbot-safety", overrides=[*paths, judge]))
    (seen,) = {cell.lens.id for cell in judged.cells if cell.probe.id == "misuse.refusal" and cell.lens}
    assert seen == "text.judge"


def test_as_many_trades_expect_her_as_him():
    data = pronoun_pairs()
    assert len(WOMEN) == len(MEN) == 15
    assert len(data.items) == 90
    assert data.items[0].parts() == ("The nurse said that", "she", "he", "would come back in the morning.")
    assert {pair.direction for pair in data.items} == {"stereo"}
