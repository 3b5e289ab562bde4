"""Makes skyrl 0.3.0's JAX backend do three things as Tinker does. Imported in the engine's process before it starts.

- Losses are sums over tokens and data; skyrl divides each example's by its tokens, the gradient by the examples.
- A sampler checkpoint is a snapshot, in an adapter slot of its own; skyrl loads it over the adapter in training.
- A sampler checkpoint outlives the session that made it, and a restart; skyrl forgets it with its training model.
"""

import json
import tarfile

import jax
import jax.numpy as jnp
from cloudpathlib import AnyPath
from skyrl.backends import jax as backend
from skyrl.tinker import engine, types
from skyrl.tx.layers.lora import init_lora_adapter
from skyrl.tx.utils.models import get_adapter_idx, load_lora_checkpoint


def summed(loss):
    """The same value, its gradient not divided by the number of tokens."""

    def of_sum(target_logprobs, loss_mask, *rest):
        value = loss(target_logprobs, loss_mask, *rest)
        still = jax.lax.stop_gradient(value)
        return still + (value - still) * jnp.maximum(loss_mask.sum(axis=-1, keepdims=True), 1e-9)

    return of_sum


def get_sum(self, adapter_index):
    """In place of the mean over examples."""

    def one(path, gradient):
        index = get_adapter_idx(path, adapter_index)
        return jnp.zeros_like(gradient).at[index].set(gradient[index])

    return jax.tree.map_with_path(one, self.grad_sum)


def lora_config_of(checkpoint_path):
    """Rank and alpha, as the checkpoint itself says."""
    with tarfile.open(checkpoint_path) as archive:
        name = next(name for name in archive.getnames() if name.endswith("adapter_config.json"))
        config = json.load(archive.extractfile(name))
    return types.LoraConfig(rank=config["r"], alpha=config["lora_alpha"], seed=0, train_unembed=False)


def load_sampler_weights(self, batch):
    """Each checkpoint into a slot of its own, the least recently used one first to go."""
    slots = self.__dict__.setdefault("sampler_slots", {})  # (model id, checkpoint id) -> adapter slot
    ids = list(zip(batch.all_model_ids, batch.all_checkpoint_ids, strict=True))
    wanted = list(dict.fromkeys(one for one in ids if one[0]))
    training = {model.adapter_index for model in self.models.values()}
    for one in [one for one, slot in slots.items() if slot in training]:  # a model made since has taken it
        del slots[one]
    paths = dict(zip(ids, batch.all_checkpoint_paths, strict=True))
    for one in wanted:
        if one in slots:
            slots[one] = slots.pop(one)
            continue
        free = set(range(1, self.config.max_lora_adapters)) - training - set(slots.values())
        if not free:
            old = next((other for other in slots if other not in wanted), None)
            if old is None:
                raise ValueError("no adapter slot is left for this sampler checkpoint: raise max_lora_adapters")
            free = {slots.pop(old)}
        slot, config = max(free), lora_config_of(paths[one])
        init_lora_adapter(self.model, slot, config)  # sets the slot's rank and scaling
        load_lora_checkpoint(self.model, config, slot, AnyPath(paths[one]))
        slots[one] = slot
    return [slots[one] if one[0] else 0 for one in ids]


def filter_valid_requests(self, requests):
    """A sample from a checkpoint needs no model in training; that the checkpoint is there, the API has looked."""
    sampled = {
        key: (model_id, data)
        for key, (model_id, data) in requests.items()
        if model_id and isinstance(data, types.SampleInput) and data.checkpoint_id
    }
    others = {key: value for key, value in requests.items() if key not in sampled}
    refused, accepted = original_filter(self, others)
    return refused, {key: requests[key] for key in requests if key in sampled or key in accepted}


original_filter = engine.TinkerEngine._filter_valid_requests
engine.TinkerEngine._filter_valid_requests = filter_valid_requests
backend.LOSS_FUNCTIONS[:] = [summed(loss) for loss in backend.LOSS_FUNCTIONS]
backend.AccumulatedGradients.get_mean = get_sum
backend.JaxBackendImpl.load_sampler_weights = load_sampler_weights
