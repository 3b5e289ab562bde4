"""What of a response is the answer."""

import pytest

from kbwf.tasks.turns import answers, without_reasoning


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "a"),
        ("<think>t</think>a", "a"),
        ("<Think>t</THINK>a", "a"),
        ("t</think>a", "a"),
        ("a<think>t", "a"),
        ("a<think>t</think>b", "ab"),
        ("<think>t", ""),
        ("<think>\n<think>t</think>u</think>a", "a"),
        ("<think>\n<think>t</think>u", ""),
        ("<think>the tag <think> opens it</think>a", "a"),
        ("<think>`</think>` closes it</think>a", "a"),
        ("<think></think> is what I write</think>a", "a"),
        ("<think>t</think>a</think>", "a"),
        ("<thinking>t</think>a", "a"),
        ("<ns:reasoning_steps n='1'>t</ns:reasoning_steps>a", "a"),
        ("x = 1  # <think>\ny", "x = 1  # <think>\ny"),
        ("<think>t\n<answer>a</answer>", "<answer>a</answer>"),
        ("◁think▷t◁/think▷a", "a"),
        ("[THINK]t[/THINK]a", "a"),
        ("x[think]", "x[think]"),
        ("Here is my thought process: t\nHere is my response: a", " a"),
        ("Here is my thought process: a", "Here is my thought process: a"),
    ],
)
def test_reasoning_is_what_its_tags_enclose(text: str, expected: str) -> None:
    """Of any name and case, nested, opened by the prompt; a tag that is only spoken of opens nothing."""
    assert without_reasoning(text) == expected


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("a", ["a"]),
        ("a<|im_end|>", ["a"]),
        ("a<|endoftext|>b", ["a"]),
        ("a</s>", ["a"]),
        ("</s>a", ["a"]),
        ("a<|im_e", ["a"]),
        ("'</s>'", ["'</s>'"]),
        ("<|im_start|>assistant\na<|im_end|>\n<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\nb", ["a"]),
        ("<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\na", ["a"]),
        ("<|start_header_id|>assistant<|end_header_id|>\n\na<|eot_id|>", ["\n\na"]),
        ("<start_of_turn>model\na<end_of_turn>", ["a"]),
        ("[INST] u [/INST] a", [" a"]),
        ("<|user|>u<|end|><|assistant|>a<|end|>", ["a"]),
        ("<｜User｜>u<｜Assistant｜>a<｜end▁of▁sentence｜>", ["a"]),
        ("assistant\n\na", ["\na"]),
        ("<|channel|>analysis<|message|>t<|end|><|start|>assistant<|channel|>final<|message|>a<|return|>", ["a"]),
        ("<|channel|>commentary<|message|>c<|end|><|start|>assistant<|channel|>final<|message|>a", ["a"]),
        ("<|channel|>analysis<|message|>t<|end|><|start|>assistant<|channel|>commentary to=f<|message|>c", ["c"]),
        ("<|channel|>analysis<|message|>t", []),
        ("analysisThinking.assistantfinala", ["a"]),
        ("<|channel>thought\nt<channel|>a<turn|>", ["a"]),
        ("<|START_THINKING|>t<|END_THINKING|><|START_RESPONSE|>a<|END_RESPONSE|>", ["a"]),
        ("Thinking...\nt\n...done thinking.\na", ["\na"]),
        ("a<|tool_call_begin|>f<|tool_call_argument_begin|>b", ["a", "f", "b"]),
        ("<think>t", []),
    ],
)
def test_the_answer_is_the_assistants_first_turn_without_marks(response: str, expected: list[str]) -> None:
    """Of harmony's channels the final one; what follows the end of a text is another text."""
    assert answers(response) == expected
