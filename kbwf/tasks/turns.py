"""What of a response is the answer: chat templates' marks, turns of others, harmony's channels and reasoning removed.

The marks are those of published chat templates, and the tags those that the reasoning parsers of vLLM, SGLang and
llama.cpp know, in any case of letters. Where a response is cut inside its reasoning there is no answer.
"""

import re
from typing import NamedTuple

_MARK = re.compile(
    r"<\|[^<>|\n]{1,48}\|>"  # ChatML, Llama, Phi, GLM, Command, harmony, ...
    r"|<｜[^<>｜\n]{1,48}｜>"  # DeepSeek
    r"|<\|(?:turn|tool_call|tool_response)>|<(?:turn|tool_call|tool_response)\|>|<\|\"\|>"  # Gemma 4
    r"|</?s>|<(?:bos|eos|pad|eot|unk)>|<(?:start|end)_of_turn>|<seed:(?:bos|eos)>|<end_of_utterance>"
    r"|\[/?INST\]|<</?SYS>>|\[TOOL_CALLS\]|\[ARGS\]|\[EOS\]"
    r"|(?-i:\[/?(?:PYTHON|CODE|ANSWER|SOLUTION)(?:[= ][^\]\n]{0,60})?\])"
    r"|<\|\w{0,24}\|?\Z",  # one that was cut
    re.IGNORECASE,
)
_TURN_STARTS = {
    "im_start",
    "start",
    "start_header_id",
    "start_of_turn",
    "turn_start",
    "start_of_turn_token",
    "seed:bos",
}
_TURN_ENDS = {
    "im_end", "end", "eot_id", "eom_id", "endoftext", "end_of_text", "return", "call", "eos", "eot", "end_of_turn",
    "end▁of▁sentence", "/s", "end_of_turn_token", "seed:eos", "turn_end", "assistant_end", "end_of_utterance",
    "eod",
}  # fmt: skip
_OTHERS = {"user", "system", "developer", "tool", "observation", "human", "ipython", "inst", "sys", "environment"}
_OWN = {"assistant", "model", "chatbot", "gpt", "bot", "/inst"}
_NOBODY = "after the end"
_ANALYSIS = "analysis"
"""Harmony's channel of reasoning."""
_TO_REASONING = (
    (re.compile(r"<\|channel>\s*(?:thought|analysis)?|<\|think\|>|<unused94>(?:thought)?", re.IGNORECASE), "<think>"),
    (re.compile(r"<channel\|>|<\|/think\|>|<\|end_think\|>|<unused95>", re.IGNORECASE), "</think>"),
    (re.compile(r"<\|(?:begin_of_thought|start_thinking|inner_prefix)\|>", re.IGNORECASE), "<think>"),
    (re.compile(r"<\|(?:end_of_thought|end_thinking|inner_suffix)\|>", re.IGNORECASE), "</think>"),
    (re.compile(r"^\.\.\.done thinking\.?[ \t]*$", re.IGNORECASE | re.MULTILINE), "</think>"),
)
"""Marks that open and close reasoning, written as the tag that most models use."""

_NAMESPACE = re.compile(r"(?<=<)(?P<close>/?)[｜|][ ▁]?\w{1,16}[ ▁]?[｜|](?=\w{1,40}[\s>])")
"""DeepSeek's tags of tool calls: `<｜DSML｜parameter name="content">`."""
_DETAILS = re.compile(r"<details type=.reasoning.[^<>\n]{0,200}>")
_REASONING_NAMES = (
    "think|thinking|antthinking|thoughts?|reason|reasoning|analysis|reflection|scratchpad|monologue|cot|chain_of_thought"
    "|rationale|deliberation|brainstorm|planning|plan"
)
_REASONING = re.compile(
    rf"<[ ]?(?P<tag>/?)[ ]?(?:\w{{1,16}}[:_-])?(?:{_REASONING_NAMES})(?:[_-]\w{{1,16}})?(?:\s[^<>\n]{{0,200}})?>"
    r"|\[(?P<bracket>/?)(?-i:THINK|THINKING|REASONING)\]"
    r"|◁(?P<triangle>/?)think▷",
    re.IGNORECASE,
)
_ANSWER_TAG = re.compile(
    r"^[ \t]*<(?:final_?answer|final|answer|solution|response|output|code|kernel|tool_call|function_call)\b"
    r"[^<>\n]{0,200}>",
    re.IGNORECASE | re.MULTILINE,
)
_FINAL_IN_WORDS = re.compile(
    r"^[ \t]*[#*_> ]{0,8}(?:(?:so|thus|therefore|hence),? )?(?:(?:my|the|here(?:'s| is)(?: my| the)?) )?"
    r"(?:final (?:answer|code|solution|kernel|implementation|response|version)"
    r"|answer(?=[*_ :]{0,5}$))(?: is)?[*_ ]{0,4}(?::[*_ ]{0,4}|$)",
    re.IGNORECASE | re.MULTILINE,
)
_THINKS_ON = re.compile(
    r"\b(?:wait|hmm+|actually|let me|let's|let us|maybe|perhaps|wrong|incorrect|check|verify|alternatively|no,|but)\b"
    r"|\?",
    re.IGNORECASE,
)
"""Words after the code: the reasoning did not end with it."""
_THOUGHT_IN_WORDS = re.compile(r"^Here(?:'s| is) my thought process:", re.IGNORECASE | re.MULTILINE)
_ANSWER_IN_WORDS = re.compile(r"^Here(?:'s| is) my response:", re.IGNORECASE | re.MULTILINE)
"""Granite's marks."""
_CHANNEL = re.compile(r"\s*(\w+)(?:[ ]+to=\S+)?[ ]*")
_ANALYSIS_WITHOUT_MARKS = re.compile(r"\s*analysis(?=[A-Z\s])")
_FINAL_WITHOUT_MARKS = re.compile(r"assistant\s{0,4}final")
"""Harmony, decoded without its special tokens."""
_ROLE_LINE = re.compile(r"\A\s*(?:assistant|model)[ \t]*:?[ \t]*\n", re.IGNORECASE)


class _Message(NamedTuple):
    channel: str
    text: str


def answers(response: str) -> list[str]:
    """The texts in which the answer may be, likeliest first; none if the response ends inside its reasoning."""
    response = _NAMESPACE.sub(r"\g<close>", response)
    for pattern, tag in _TO_REASONING:
        response = pattern.sub(tag, response)
    if _DETAILS.search(response):  # Open WebUI's form
        response = _DETAILS.sub("<think>", response).replace("</details>", "</think>")
    found = [
        without_reasoning(message.text, opened_before=message.channel == _ANALYSIS)
        for message in _own_messages(response)
    ]
    texts = [_ROLE_LINE.sub("", text, count=1) for text in found]
    return list(dict.fromkeys(text for text in texts if text.strip()))


def without_reasoning(text: str, *, opened_before: bool = False) -> str:
    """What stands outside of reasoning.

    Tags may be nested, of different names, or opened by the prompt. A tag that is only spoken of opens nothing: one in
    quotes, in a comment, or one inside of reasoning and of a line that is never closed.

    Args:
        opened_before: the text is known to begin inside of reasoning.
    """
    thought, answer = _THOUGHT_IN_WORDS.search(text), list(_ANSWER_IN_WORDS.finditer(text))
    if thought and answer and thought.start() < answer[-1].start():
        text = text[: thought.start()] + text[answer[-1].end() :]
    outside: list[str] = []
    before_stray_close = ""
    depth = int(opened_before)
    num_spoken_of = start = last_open = last_close = 0
    for match in _REASONING.finditer(text):
        is_close = "/" in (match["tag"], match["bracket"], match["triangle"])
        line = text[max(match.start() - 200, 0) : match.start()].rpartition("\n")[2]
        if line[-1:] in ("`", "'", '"') or (not is_close and "#" in line):
            continue
        if not is_close:
            if depth == 0:
                outside.append(text[start : match.start()])
            num_spoken_of += depth > 0 and line.strip() != ""
            depth, last_open = depth + 1, match.end()
            continue
        if depth == 0:  # the prompt opened it: everything so far was reasoning
            before_stray_close = "".join([*outside, text[start : match.start()]]) if last_close else ""
            outside = []
        depth, start, last_close = max(depth - 1, 0), match.end(), match.end()
    if depth == 0:
        outside.append(text[start:])
    elif marked := list(_ANSWER_TAG.finditer(text, last_open)):
        outside.append(text[marked[-1].start() :])
    elif (said := list(_FINAL_IN_WORDS.finditer(text, last_open))) and not _THINKS_ON.search(text, said[-1].end()):
        outside.append(text[said[-1].end() :])
    elif depth <= num_spoken_of and last_close > last_open:
        outside.append(text[last_close:])
    found = "".join(outside)
    return found if found.strip() else before_stray_close


def _own_messages(response: str) -> list[_Message]:
    """The assistant's: of the channel `final` if there is one, else of every channel but the analysis, else that.

    A turn of somebody else ends the answer, unless it only repeats the prompt; so does the end of a text.
    """
    messages: list[_Message] = []
    role, channel, has_spoken = "assistant", "", False
    for mark, text in _marked(response):
        if mark in _TURN_STARTS:
            line, _, rest = text.lstrip().partition("\n")
            word, _, rest_of_line = line.partition(" ")
            role, channel = word.lower() or "assistant", ""
            text = rest if mark == "start" or not rest_of_line else f"{rest_of_line}\n{rest}"
        elif mark in _OTHERS or mark in _OWN:
            role, channel = mark, ""
        elif mark == "channel" and (named := _CHANNEL.match(text)):
            role = "assistant" if role == _NOBODY else role
            channel, text = named[1].lower(), text[named.end() :]
        elif mark in _TURN_ENDS and has_spoken:
            role = _NOBODY
        if role in ("user", "human", "inst") and has_spoken:
            break
        if role in _OWN:
            messages.append(_Message(channel, text))
            has_spoken |= bool(text.strip())
    if any(message.channel == "final" for message in messages):
        return [message for message in messages if message.channel == "final"]
    finals = list(_FINAL_WITHOUT_MARKS.finditer(response)) if _ANALYSIS_WITHOUT_MARKS.match(response) else []
    if finals:
        return [_Message("final", response[finals[-1].end() :])]
    said = [message for message in messages if message.channel != _ANALYSIS and message.text.strip()]
    return said or [message._replace(channel=_ANALYSIS) for message in messages]  # which may end in its final answer


def _marked(text: str) -> list[tuple[str, str]]:
    """Each mark's name in small letters with the text that follows it; the first has no name.

    A mark between two equal quotes is the content of a string.
    """
    found, name, start = [], "", 0
    for match in _MARK.finditer(text):
        around = text[max(match.start() - 1, 0) : match.start()] + text[match.end() : match.end() + 1]
        if around in ("''", '""', "``"):
            continue
        found.append((name, text[start : match.start()]))
        name, start = _name(match.group()), match.end()
    return [*found, (name, text[start:])]


def _name(mark: str) -> str:
    if mark.lower() in ("<|turn>", "<turn|>"):
        return "turn_start" if mark[1] == "|" else "turn_end"
    name = mark.strip("<>[]|｜").lower()
    for suffix in ("_token", "_start"):
        if name.removesuffix(suffix) in _OWN | _OTHERS:
            return name.removesuffix(suffix)
    return name
