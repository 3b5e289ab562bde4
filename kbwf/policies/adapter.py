"""The weights that training changes: a LoRA adapter of peft (arXiv 2106.09685) on every linear layer but the last.

A checkpoint's folder holds `adapter/`, as peft saves it, to sample from, and `state/`, to continue from. All tensors
are safetensors files: nothing is unpickled.
"""

import warnings
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from kbwf.errors import PolicyError
from kbwf.policies.pretrained import loading

LORA_ALPHA = 32
"""The adapter's product is scaled by alpha / rank; twice the paper's rank of 16."""

OPTIMIZER_FILE = "optimizer.safetensors"
TEACHER_FILE = "teacher.safetensors"


def new_adapter(model: Any, rank: int, seed: int) -> Any:
    """The model with an adapter that changes nothing yet: one factor random, the other zero.

    The random numbers of the caller stay as they were.

    Raises:
        PolicyError: the rank is above the model's width.
    """
    width = model.config.get_text_config().hidden_size
    if rank > width:
        raise PolicyError(
            f"lora_rank {rank} is above the width {width} of {model.config.name_or_path}; use {width} at most"
        )
    config = LoraConfig(
        r=rank, lora_alpha=LORA_ALPHA, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        return get_peft_model(model, config)


def trainable_adapter(model: Any, folder: Path, rank: int) -> Any:
    """The model with a saved adapter that training continues.

    Raises:
        PolicyError: the adapter has another rank, or adapts layers that this model does not have.
    """
    with loading(str(folder)), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapted = PeftModel.from_pretrained(model, str(folder), is_trainable=True)
    # A layer whose weights are not found is only warned about, and would begin anew.
    for warning in caught:
        if "missing adapter keys" in str(warning.message):
            raise PolicyError(f"{folder} does not fit {model.config.name_or_path}: {warning.message}; train it again")
    found = adapted.peft_config["default"].r
    if found != rank:
        raise PolicyError(f"{folder} has rank {found}, the run asks for lora_rank {rank}; they must agree")
    return adapted


def trainable_parameters(model: Any) -> dict[str, torch.nn.Parameter]:
    """By name, what training changes."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def save_adapter(model: Any, folder: Path) -> None:
    """What `LocalPolicy` loads to sample. Embeddings are never adapted, and looking for them would ask the network."""
    model.save_pretrained(str(folder), save_embedding_layers=False)


def save_optimizer(optimizer: torch.optim.Optimizer, parameters: dict[str, torch.nn.Parameter], folder: Path) -> None:
    """Both moments and the number of steps of every parameter; before the first step there are none."""
    tensors = {
        f"{name}/{key}": value.contiguous()
        for name, parameter in parameters.items()
        for key, value in optimizer.state.get(parameter, {}).items()
    }
    save_file(tensors, folder / OPTIMIZER_FILE)


def load_optimizer(optimizer: torch.optim.Optimizer, parameters: dict[str, torch.nn.Parameter], folder: Path) -> None:
    """What `save_optimizer` wrote, into an optimizer of the same parameters.

    Raises:
        PolicyError: the file is missing, damaged, or of other parameters.
    """
    for key, tensor in load_tensors(folder / OPTIMIZER_FILE).items():
        name, _, kind = key.rpartition("/")
        if name not in parameters:
            raise PolicyError(f"{folder} holds state of {name}, which the adapter does not have; train it again")
        # The number of steps stays where Adam keeps it, on the CPU.
        device = "cpu" if kind == "step" else parameters[name].device
        optimizer.state[parameters[name]][kind] = tensor.to(device)


def save_tensors(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """By name."""
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def load_tensors(path: Path) -> dict[str, torch.Tensor]:
    """What `save_tensors` wrote.

    Raises:
        PolicyError: the file is missing or damaged.
    """
    try:
        tensors: dict[str, torch.Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise PolicyError(f"{path} cannot be loaded: {error}; remove the checkpoint and train it again") from error
    return tensors
