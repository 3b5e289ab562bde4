"""Facts about `LocalPolicy`, on a tiny random model."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from kbwf.errors import InfrastructureError, PolicyError
from kbwf.policies.generation import DrawRequest, draw_tokens
from kbwf.policies.local import LocalPolicy
from kbwf.policies.pretrained import check_model
from tests.builders import make_task

TASK = make_task()

MESSAGES = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"})
# "system: Be brief.\n" + "user: Hi\n" + "assistant: ", one token per byte.
NUM_PROMPT_TOKENS = 18 + 9 + 11


@pytest.fixture(scope="module")
def policy(tiny_model: Path) -> LocalPolicy:
    """Loaded once: nothing here changes it. In float64, so that no processor's rounding matters to a comparison."""
    return LocalPolicy(str(tiny_model), device="cpu", dtype="float64")


def test_the_same_seed_gives_the_same_samples_and_another_seed_others(policy: LocalPolicy) -> None:
    """Draws are a function of their arguments."""
    first = policy.sample(TASK, MESSAGES, 4, 11, 1.0, 20)
    assert policy.sample(TASK, MESSAGES, 4, 11, 1.0, 20) == first
    assert policy.sample(TASK, MESSAGES, 4, 12, 1.0, 20) != first
    assert len({draw.token_ids_T for draw in first}) > 1


def test_greedy_samples_are_all_alike(policy: LocalPolicy) -> None:
    """At temperature 0 every row takes the same tokens, each with probability one, whatever the seed."""
    draws = policy.sample(TASK, MESSAGES, 3, 1, 0, 10) + policy.sample(TASK, MESSAGES, 3, 2, 0, 10)
    assert len({draw.token_ids_T for draw in draws}) == 1
    assert set(draws[0].sampling_logprobs_T) == {0.0}


def test_scores_agree_with_sampling(policy: LocalPolicy) -> None:
    """Teacher forcing over ragged responses gives what drawing with a cache recorded."""
    draws = policy.sample(TASK, MESSAGES, 16, 5, 1.3, 40)
    lengths = {len(draw.token_ids_T) for draw in draws}
    assert len(lengths) > 2
    scored = policy.score(MESSAGES, [draw.token_ids_T for draw in draws])
    for draw, logprobs_T in zip(draws, scored, strict=True):
        assert logprobs_T == pytest.approx(draw.policy_logprobs_T, abs=1e-4)


def test_cached_logits_agree_with_a_whole_pass(policy: LocalPolicy, tiny_model: Path) -> None:
    """The recorded log-probabilities are the softmax of the model's logits at temperature 1 and at the sampling one."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype="float64")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    prompt_ids = tokenizer("system: Be brief.\nuser: Hi\nassistant: ")["input_ids"]
    draw = policy.sample(TASK, MESSAGES, 4, 5, 0.7, 12)[3]
    with torch.no_grad():
        logits = model(torch.tensor([[*prompt_ids, *draw.token_ids_T]])).logits[0, len(prompt_ids) - 1 : -1]
    for position, token in enumerate(draw.token_ids_T):
        odds = torch.exp(logits[position].double())
        assert draw.policy_logprobs_T[position] == pytest.approx(torch.log(odds[token] / odds.sum()).item(), abs=1e-4)
        odds = odds ** (1 / 0.7)
        assert draw.sampling_logprobs_T[position] == pytest.approx(torch.log(odds[token] / odds.sum()).item(), abs=1e-4)


def test_every_end_token_of_a_list_ends_a_response(policy: LocalPolicy) -> None:
    """Both tokens of the generation settings' list end responses; they count as tokens and are no text."""
    draws = policy.sample(TASK, MESSAGES, 64, 3, 2.0, 80)
    ended = [draw for draw in draws if draw.finish_reason == "stop"]
    assert {draw.token_ids_T[-1] for draw in ended} == {0, 1}
    for draw in ended:
        assert not set(draw.token_ids_T[:-1]) & {0, 1}
        assert "<|" not in draw.text
    for draw in draws:
        assert draw.finish_reason == "stop" or len(draw.token_ids_T) == 80


def test_the_prompt_is_rendered_by_the_chat_template(policy: LocalPolicy) -> None:
    """One token per byte of the rendered conversation with the assistant's turn opened."""
    assert policy.sample(TASK, MESSAGES, 1, 1, 1.0, 1)[0].num_prompt_tokens == NUM_PROMPT_TOKENS


def test_the_plain_template_joins_messages_by_blank_lines(model_without_chat_template: Path) -> None:
    """`Be brief.\\n\\nHi\\n\\n` has 15 bytes; without an end in the settings the tokenizer's token ends a response."""
    policy = LocalPolicy(str(model_without_chat_template), device="cpu", chat_template="plain")
    draws = policy.sample(TASK, MESSAGES, 64, 3, 2.0, 60)
    assert draws[0].num_prompt_tokens == 9 + 2 + 2 + 2
    assert {draw.token_ids_T[-1] for draw in draws if draw.finish_reason == "stop"} == {0}


def test_one_pass_over_the_prompt_serves_all_samples(policy: LocalPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first call of the model sees the prompt, and in one row; each later call sees one token per row."""
    shapes = []
    forward = policy._model.forward

    def recorded(*args: Any, **kwargs: Any) -> Any:
        shapes.append(tuple(kwargs["input_ids"].shape))
        return forward(*args, **kwargs)

    monkeypatch.setattr(policy._model, "forward", recorded)
    policy.sample(TASK, MESSAGES, 6, 1, 1.0, 4)
    assert shapes[0] == (1, NUM_PROMPT_TOKENS)
    assert shapes[1][0] <= 6 and all(columns == 1 for _, columns in shapes[1:])
    assert len(shapes) <= 4


PROMPTS = [
    (TASK, MESSAGES, 5, 21),
    (TASK, ({"role": "user", "content": "A rather longer question"},), 3, 22),
    (TASK, ({"role": "user", "content": ""},), 4, 23),
]


def test_samples_of_several_prompts_are_those_of_each_alone(policy: LocalPolicy) -> None:
    """Prompts of three lengths in one batch: the same tokens as one after the other, the numbers to rounding."""
    together = policy.sample_many(PROMPTS, 1.3, 30)
    alone = [policy.sample(*prompt, 1.3, 30) for prompt in PROMPTS]
    assert [[draw.token_ids_T for draw in draws] for draws in together] == [
        [draw.token_ids_T for draw in draws] for draws in alone
    ]
    for ours, theirs in zip(together, alone, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert one.policy_logprobs_T == pytest.approx(other.policy_logprobs_T, abs=1e-9)
            assert one.num_prompt_tokens == other.num_prompt_tokens
            assert one.text == other.text
    lengths = {len(draw.token_ids_T) for draws in together for draw in draws}
    assert len(lengths) > 2


@pytest.mark.parametrize("num_prompts", [1, 3])
def test_a_static_cache_changes_nothing_but_memory(policy: LocalPolicy, num_prompts: int) -> None:
    """Memory allocated once, with ended rows leaving by halves, gives the same tokens."""
    requests = [DrawRequest(policy._encoder.encode(messages), *rest) for _, messages, *rest in PROMPTS[:num_prompts]]
    options = {"logits_to_keep": 1}
    static = draw_tokens(policy._model, requests, 1.3, 30, {0, 1}, options, is_cache_static=True)
    growing = draw_tokens(policy._model, requests, 1.3, 30, {0, 1}, options)
    assert [[row.token_ids_T for row in rows] for rows in static] == [
        [row.token_ids_T for row in rows] for rows in growing
    ]


def test_prompts_that_do_not_fit_together_are_drawn_half_at_a_time(
    policy: LocalPolicy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With room for eight rows: five and seven; the samples are the same."""
    expected = policy.sample_many(PROMPTS, 1.0, 10)
    forward = policy._model.forward

    def small(*args: Any, **kwargs: Any) -> Any:
        if kwargs["input_ids"].shape[0] > 8:
            raise torch.OutOfMemoryError("out of memory")
        return forward(*args, **kwargs)

    monkeypatch.setattr(policy._model, "forward", small)
    drawn = policy.sample_many(PROMPTS, 1.0, 10)
    assert [[draw.token_ids_T for draw in draws] for draws in drawn] == [
        [draw.token_ids_T for draw in draws] for draws in expected
    ]
    assert caplog.messages == ["the GPU's memory is too small for 3 prompts in one batch; drawing half at a time"]


def test_scores_after_several_prompts_are_those_of_each_alone(policy: LocalPolicy) -> None:
    """Ragged prompts and responses in one batch; nothing for an empty response."""
    responses = [(5, 6, 7), (), (8,) * 20]
    passages = [(messages, response) for (_, messages, *_), response in zip(PROMPTS, responses, strict=True)]
    together = policy.score_many(passages)
    alone = [policy.score(messages, [response])[0] for messages, response in passages]
    assert [len(logprobs_T) for logprobs_T in together] == [3, 0, 20]
    for ours, theirs in zip(together, alone, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-9)


def test_a_small_model_runs_on_one_thread(policy: LocalPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside the model's passes there is one thread; afterwards there are as many as before."""
    threads = []
    forward = policy._model.forward

    def recorded(*args: Any, **kwargs: Any) -> Any:
        threads.append(torch.get_num_threads())
        return forward(*args, **kwargs)

    monkeypatch.setattr(policy._model, "forward", recorded)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        policy.sample(TASK, MESSAGES, 1, 1, 1.0, 2)
        policy.score(MESSAGES, [(5, 6)])
        assert set(threads) == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_prompt_that_does_not_fit_is_refused(policy: LocalPolicy) -> None:
    """The context is 128: 38 prompt tokens and 90 response tokens fit, 91 leave room for 37."""
    assert len(policy.sample(TASK, MESSAGES, 1, 1, 1.0, 90)) == 1
    with pytest.raises(PolicyError, match="38 tokens, but .* has room for 37"):
        policy.sample(TASK, MESSAGES, 1, 1, 1.0, 91)
    with pytest.raises(PolicyError, match="has room for 37"):
        policy.score(MESSAGES, [(5,), (5,) * 91])


def test_damaged_weights_are_refused(tiny_model: Path) -> None:
    """NaN in the last layer's norm reaches the logits, and no sample comes of it."""
    policy = LocalPolicy(str(tiny_model), device="cpu")
    policy._model.model.norm.weight.data.fill_(float("nan"))
    with pytest.raises(PolicyError, match="NaN"):
        policy.sample(TASK, MESSAGES, 2, 1, 1.0, 5)


@pytest.mark.parametrize(
    ("raised", "expected", "match"),
    [
        (torch.OutOfMemoryError("out of memory"), PolicyError, "lower sampling.chunk_size"),
        (torch.AcceleratorError("unspecified launch failure"), InfrastructureError, "the GPU failed"),
    ],
)
def test_a_small_gpu_is_told_from_a_failed_one(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, expected: type[Exception], match: str
) -> None:
    """Memory exhausted stays so and is the study's fault; a failed GPU is worth another try."""
    policy = LocalPolicy(str(tiny_model), device="cpu")

    def forward(*args: object, **kwargs: object) -> None:
        raise raised

    monkeypatch.setattr(policy._model, "forward", forward)
    with pytest.raises(expected, match=match):
        policy.sample(TASK, MESSAGES, 2, 1, 1.0, 5)


def test_an_adapter_changes_the_policy_and_its_name(tiny_model: Path, tmp_path: Path) -> None:
    """Weights of a peft adapter are laid over the model's, and the model string names both."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    adapted = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_model),
        LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False),
    )
    adapted.save_pretrained(tmp_path / "adapter")
    policy = LocalPolicy(str(tiny_model), adapter=str(tmp_path / "adapter"), device="cpu", dtype="float64")
    plain = LocalPolicy(str(tiny_model), device="cpu", dtype="float64")
    assert policy.model.startswith(f"{plain.model} + {tmp_path / 'adapter'}@")
    draws = policy.sample(TASK, MESSAGES, 3, 1, 1.0, 10)
    responses = [draw.token_ids_T for draw in draws]
    for draw, ours, others in zip(
        draws, policy.score(MESSAGES, responses), plain.score(MESSAGES, responses), strict=True
    ):
        assert ours == pytest.approx(draw.policy_logprobs_T, abs=1e-4)
        assert others != pytest.approx(draw.policy_logprobs_T, abs=1e-2)


def test_a_folder_without_an_adapter_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    """The message names what is missing."""
    with pytest.raises(PolicyError, match=r"adapter_config\.json"):
        LocalPolicy(str(tiny_model), adapter=str(tmp_path), device="cpu")


def test_a_model_without_chat_template_is_refused(model_without_chat_template: Path) -> None:
    """The message says both ways out."""
    for load in (lambda path: check_model(path, None, "tokenizer"), lambda path: LocalPolicy(path, device="cpu")):
        with pytest.raises(PolicyError, match="no chat template; use an instruction-tuned model or set prompt"):
            load(str(model_without_chat_template))


def test_a_chat_template_that_refuses_a_role_is_named(tiny_model: Path, tmp_path: Path) -> None:
    """Some templates take no system message; the message shows the roles and the way out."""
    folder = tmp_path / "picky"
    shutil.copytree(tiny_model, folder)
    (folder / "chat_template.jinja").write_text("{{ raise_exception('System role not supported') }}")
    with pytest.raises(PolicyError, match="system, user.*System role not supported.*plain"):
        LocalPolicy(str(folder), device="cpu").sample(TASK, MESSAGES, 1, 1, 1.0, 1)


def test_cuda_without_a_gpu_is_refused(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """base.device: cuda is a demand, auto a wish."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PolicyError, match="sees no GPU"):
        LocalPolicy(str(tiny_model), device="cuda")
    assert LocalPolicy(str(tiny_model)).sample(TASK, MESSAGES, 1, 1, 1.0, 1)


def test_dtype_is_that_of_the_configuration(tiny_model: Path) -> None:
    """bfloat16 weights, float32 log-probabilities: of no more than bfloat16's eight bits they would be multiples."""
    policy = LocalPolicy(str(tiny_model), device="cpu", dtype="bfloat16")
    assert policy._model.dtype == torch.bfloat16
    draw = policy.sample(TASK, MESSAGES, 1, 1, 1.0, 10)[0]
    scored_T = torch.tensor(policy.score(MESSAGES, [draw.token_ids_T])[0])
    drawn_T = torch.tensor(draw.policy_logprobs_T)
    assert (drawn_T != drawn_T.bfloat16().float()).any() and (scored_T != scored_T.bfloat16().float()).any()
    # Two ways through two layers, each logit right to some units in bfloat16's last place (2**-8 of its size).
    assert (scored_T - drawn_T).abs().max() <= 2 * 8 * 2**-8 * _largest_logit(policy)


def _largest_logit(policy: LocalPolicy) -> float:
    with torch.no_grad():
        return float(policy._model(torch.arange(3, 100)[None]).logits.abs().max())
