# What runs need: their steps, the rollouts these are learned from, and the samples they are reported on.
RUNS = plan.runs(cfg)
ADAPTED = plan.adapted_policies(cfg)
PROBED = [policy for policy, (run, _) in ADAPTED.items() if run.settings.is_probed]


def step_of(wildcards):
    """Run and number of the update that makes this policy."""
    return ADAPTED[wildcards.policy]


def parent_of(wildcards):
    run, step = step_of(wildcards)
    return expand(
        "results/policies/{policy}/checkpoint.json", policy=run.policy_at(step - 1)
    )


def rollouts_of(wildcards):
    run, step = step_of(wildcards)
    return rollouts(run, step - 1, run.tasks_of_update(step))


def rollouts(run, step, tasks):
    """Files of the samples that a step of a run is learned from, or judged by."""
    return scored(
        [run.policy_at(step)], tasks, [run.seed], run.settings.rollouts_per_task
    )


def compared_rollouts_of(wildcards):
    """Of all steps, the last included."""
    run = RUNS[wildcards.run]
    steps = [0, *run.steps]
    return [path for step in steps for path in rollouts(run, step, run.task_ids)]


def spent_rollouts_of(wildcards):
    """All that a run drew; an outer loop draws what its updates need, and no more."""
    run = RUNS[wildcards.run]
    if not run.is_outer_loop:
        return compared_rollouts_of(wildcards)
    return [
        path
        for step in run.steps
        for path in rollouts(run, step - 1, run.tasks_of_update(step))
    ]


def trajectory_of(wildcards):
    run = RUNS[wildcards.run]
    return (
        []
        if run.is_outer_loop
        else checkpoints.select_checkpoint.get(run=run.run_id).output
    )


def chosen_policy(run):
    """Only known once the run's trajectory is there; that of an outer loop is its last."""
    if run.is_outer_loop:
        return run.policy_at(run.settings.num_steps)
    trajectory = checkpoints.select_checkpoint.get(run=run.run_id).output[0]
    return run.policy_at(json.loads(Path(trajectory).read_text())["chosen_step"])


def fresh(run, policies, tasks):
    """Samples of policies under seeds that no step was chosen by."""
    count = run.settings.rollouts_per_task
    return scored(sorted(set(policies)), tasks, run.settings.fresh_seeds, count)


def fresh_of(wildcards):
    run = RUNS[wildcards.run]
    tasks = [] if run.is_outer_loop else run.task_ids
    return fresh(run, [run.start, chosen_policy(run)], tasks)


def transfer_of(wildcards):
    run = RUNS[wildcards.run]
    return fresh(run, [run.start, chosen_policy(run)], run.transfer_ids)


def probed_of(wildcards):
    """Samples of the start policy that nothing was learned from."""
    run, _ = step_of(wildcards)
    return fresh(run, [run.start], run.task_ids)
