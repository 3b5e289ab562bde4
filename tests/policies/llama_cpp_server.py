"""Run by another environment's Python (`make test-servers`): a Llama of transformers as GGUF, served by llama.cpp.

Usage: llama_cpp_server.py FOLDER GGUF. Prints the server's address, and serves until its standard input ends.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
import xllamacpp

NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
NORMAL_TOKEN, CONTROL_TOKEN = 1, 3


def convert(folder: Path, path: Path) -> None:
    """Weights in float32, a byte vocabulary whose first three tokens are special, the chat template."""
    config = json.loads((folder / "config.json").read_text())
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    num_heads, num_kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(num_heads)
    writer.add_head_count_kv(num_kv_heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["hidden_size"] // num_heads)
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(sorted(vocabulary, key=vocabulary.__getitem__))
    writer.add_token_types([CONTROL_TOKEN if index < 3 else NORMAL_TOKEN for index in range(len(vocabulary))])
    writer.add_token_merges(["ÿ ÿ"])  # there must be one; of bytes that no UTF-8 text has
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text())
    for name, tensor in tensors(folder / "model.safetensors").items():
        if "q_proj" in name:
            tensor = interleaved(tensor, num_heads)
        if "k_proj" in name:
            tensor = interleaved(tensor, num_kv_heads)
        writer.add_tensor(gguf_name(name), np.ascontiguousarray(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors(path: Path) -> dict[str, np.ndarray]:
    """The float32 tensors of a safetensors file: eight bytes of length, a JSON head, the data."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8:start])
    head.pop("__metadata__", None)
    spans = {name: (start + entry["data_offsets"][0], start + entry["data_offsets"][1]) for name, entry in head.items()}
    return {
        name: np.frombuffer(raw[slice(*spans[name])], dtype=np.float32).reshape(entry["shape"])
        for name, entry in head.items()
    }


def gguf_name(name: str) -> str:
    """`blk.0.attn_q.weight` for `model.layers.0.self_attn.q_proj.weight`."""
    whole = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    stem = name.removesuffix(".weight")
    if stem in whole:
        return f"{whole[stem]}.weight"
    layer, _, part = stem.removeprefix("model.layers.").partition(".")
    return f"blk.{layer}.{NAMES[part]}.weight"


def interleaved(weight: np.ndarray, num_heads: int) -> np.ndarray:
    """llama.cpp rotates neighbours, transformers the two halves of a head."""
    halves = weight.reshape(num_heads, 2, weight.shape[0] // num_heads // 2, weight.shape[1])
    return halves.swapaxes(1, 2).reshape(weight.shape)


def main() -> None:
    """Convert, serve, wait."""
    folder, path = Path(sys.argv[1]), Path(sys.argv[2])
    convert(folder, path)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = ["tiny"]
    params.n_ctx, params.n_parallel = 512, 4
    params.port = 0
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32  # float16 by default: 1e-2 nats
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.warmup = False
    params.cpuparams.n_threads = 1
    params.use_jinja = True
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
