"""Keys of servers and services: which a backend needs, and a file `.env` that may hold them."""

import os

from kbwf.errors import PolicyError


def credentials_of(backend: str) -> tuple[str, ...]:
    """Names of the environment variables that a backend is given; none for one that nobody knows."""
    from kbwf.policies.table import BACKENDS

    return BACKENDS[backend].credentials if backend in BACKENDS else ()


def read_dotenv(credentials: tuple[str, ...]) -> None:
    """Take these variables, and no others, from a file `.env` of the working folder.

    The environment goes first; a variable that is empty there is none.

    Raises:
        PolicyError: the file cannot be read.
    """
    if not credentials or not os.path.exists(".env"):
        return
    from dotenv import dotenv_values

    try:
        values = dotenv_values(".env")
    except UnicodeDecodeError as error:
        # Without the cause: it holds the file, and the file a key.
        raise PolicyError(f"the file .env is no UTF-8 text ({error.reason}); save it as UTF-8") from None
    except OSError as error:
        raise PolicyError(f"the file .env cannot be read ({error.strerror}); see whose it is, or remove it") from None
    for name in credentials:
        if (value := values.get(name)) and not os.environ.get(name, "").strip():
            os.environ[name] = value
