"""Keys of servers and services: which a backend needs, and a file `.env` that may hold them."""

import os


def credentials_of(backend: str) -> tuple[str, ...]:
    """Names of the environment variables that a backend is given; none for one that nobody knows."""
    from kbwf.policies.table import BACKENDS

    return BACKENDS[backend].credentials if backend in BACKENDS else ()


def read_dotenv(credentials: tuple[str, ...]) -> None:
    """Take these variables, and no others, from a file `.env` of the working folder; the environment goes first."""
    if not credentials or not os.path.exists(".env"):
        return
    from dotenv import dotenv_values

    values = dotenv_values(".env")
    for name in credentials:
        if value := values.get(name):
            os.environ.setdefault(name, value)
