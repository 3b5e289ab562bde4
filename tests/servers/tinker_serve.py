"""Run by another environment's Python (`make test-servers`): skyrl's Tinker API on the CPU, for the SDK that we use.

Usage: tinker_serve.py --port PORT --base-model FOLDER --backend jax … (arguments of skyrl 0.3.0's engine). Two things
are needed for it to start here, and change nothing in how it answers: pydantic refuses `typing.TypedDict` on Python
3.11, and the engine is started by this interpreter rather than by `uv run`.
"""

import argparse
import sys
import typing

import typing_extensions

if sys.version_info < (3, 12):
    typing.TypedDict = typing_extensions.TypedDict

from skyrl.tinker.config import EngineConfig, add_model, config_to_argv


def serve_engine() -> None:
    """The process that computes."""
    import tinker_faithful  # noqa: F401
    from skyrl.tinker import engine

    sys.argv = [sys.argv[0], *sys.argv[2:]]
    engine.main()


def serve_api() -> None:
    """The process that answers."""
    import uvicorn
    from skyrl.tinker import api
    from tinker_shim import Shim
    from transformers import AutoTokenizer

    api._build_uv_run_cmd_engine = lambda _, config: [sys.executable, __file__, "--engine", *config_to_argv(config)]
    parser = argparse.ArgumentParser()
    add_model(parser, EngineConfig)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    fields = {name: value for name, value in vars(options).items() if name in EngineConfig.model_fields}
    api.app.state.engine_config = EngineConfig.model_validate(fields)
    app = Shim(api.app, [AutoTokenizer.from_pretrained(options.base_model).eos_token_id]).app()
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="info")


if __name__ == "__main__":
    (serve_engine if sys.argv[1:2] == ["--engine"] else serve_api)()
