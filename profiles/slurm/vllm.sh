#!/usr/bin/env bash
# sbatch --gpus=N profiles/slurm/vllm.sh MODEL [vLLM's own options]: an OpenAI-compatible server for base.backend: openai.
#SBATCH --job-name=kbwf-vllm
#SBATCH --output=vllm-%j.log
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: sbatch --gpus=N $0 MODEL [options of vllm serve]" >&2; exit 2; }
command -v vllm > /dev/null || { echo "vllm is not installed in this environment; pip install vllm" >&2; exit 1; }
port=${KBWF_VLLM_PORT:-8000}
echo "base: {backend: openai, model: $1, base_url: http://$(hostname -f):$port/v1, logprobs_temperature: one}"
exec vllm serve "$@" --host 0.0.0.0 --port "$port"
