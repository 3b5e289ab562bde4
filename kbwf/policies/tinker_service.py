"""Tinker's SDK as the backend uses it: one session, a deadline on every wait, errors that say what to do.

The SDK tries again by itself: a submission for five minutes, a result for ever, a bill that is due for an hour. More
retries on top of those would multiply them. So there is a deadline, and its error tells what the SDK complained of.
"""

import atexit
import collections
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from kbwf.errors import KbwfError, PolicyError
from kbwf.policies.keys import without_key
from kbwf.policies.tinker_errors import MAX_SHOWN_CHARS, check_key, explained
from kbwf.settings import BaseSettings

KEY = "TINKER_API_KEY"
CLOSE_S = 3.0
"""How long the end of a session may take; the service ends those that nobody closes."""


def sdk() -> Any:
    """The package `tinker`.

    Raises:
        PolicyError: it is not installed.
    """
    # Said before the import, which may read it: a study sends nothing but its requests.
    os.environ.setdefault("TINKER_TELEMETRY", "0")
    try:
        import tinker
    except ImportError as error:
        raise PolicyError(
            f"base.backend tinker needs the package tinker ({error}); pip install 'kbwf[tinker]'"
        ) from error
    return tinker


class Service:
    """A session with the service. Clients are made by `sampling_client` and `training_client`."""

    def __init__(self, base: BaseSettings) -> None:
        """Nothing is sent yet.

        Raises:
            PolicyError: there is no key, or no SDK.
        """
        self._key = check_key(os.environ.get(KEY))
        self.sdk = sdk()
        self._base = base
        self._complaints = _LastWarning(self._key)
        logging.getLogger("tinker").addHandler(self._complaints)
        with self._explaining("opening a session"):
            self._client = self.sdk.ServiceClient(base_url=base.base_url, api_key=self._key)
        self._is_open = False

    def model_names(self) -> list[str]:
        """Of the models that it can sample from and train.

        Raises:
            PolicyError: key or address is wrong.
            InfrastructureError: it does not answer.
        """

        def ask() -> Any:
            rest = self.sdk.RestClient(base_url=self._base.base_url, api_key=self._key)
            return rest.get_server_capabilities()

        found = self._started(ask, "asking which models there are")
        return [without_key(str(model.model_name), self._key) for model in found.supported_models]

    def sampling_client(self, path: str | None) -> Any:
        """Of stored weights, or of the base model.

        Raises:
            PolicyError: the weights are not there any more, or the model never was.
            InfrastructureError: the service does not answer.
        """
        from tinker.lib.retry_handler import RetryConfig

        of = {"base_model": self._base.model} if path is None else {"model_path": path}
        # Ours comes first, and says more.
        patience = RetryConfig(progress_timeout=2 * self._base.deadline_s)
        what = f"opening {path or self._base.model}"
        return self._started(lambda: self._client.create_sampling_client(**of, retry_config=patience), what)

    def training_client(self, create: Callable[[Any], Any], what: str) -> Any:
        """What a `create_…` method of the SDK's `ServiceClient` gives.

        Raises:
            PolicyError: the weights are not there any more, or the model cannot be trained.
            InfrastructureError: the service does not answer.
        """
        return self._started(lambda: create(self._client), what)

    def results(self, calls: Sequence[Callable[[], Any]], what: str) -> list[Any]:
        """Of calls that give futures, in their order; `base.max_in_flight` of them are under way at a time.

        Raises:
            PolicyError: the service refuses.
            InfrastructureError: a result did not come within `base.deadline_s` of the one before it.
        """
        pending: collections.deque[Any] = collections.deque()
        found = []
        with self._explaining(what):
            try:
                for call in calls:
                    if len(pending) == self._base.max_in_flight:
                        found.append(pending[0].result(timeout=self._base.deadline_s))
                        pending.popleft()
                    pending.append(call())
                while pending:
                    found.append(pending[0].result(timeout=self._base.deadline_s))
                    pending.popleft()
            except BaseException:
                for future in pending:  # else they go on asking for as long as the process lives
                    future.future().cancel()
                raise
        return found

    def close(self) -> None:
        """End the session; nothing that it made can be used afterwards."""
        logging.getLogger("tinker").removeHandler(self._complaints)
        atexit.unregister(self.close)
        if self._is_open:
            self._is_open = False
            try:
                _in_thread(lambda: self._client.close("success"), CLOSE_S)
            except Exception as error:  # whatever it was: the work is done, and the service forgets us by itself
                logging.getLogger(__name__).info("the session was not closed (%s)", type(error).__name__)

    def _started(self, start: Callable[[], Any], what: str) -> Any:
        with self._explaining(what):
            found = _in_thread(start, self._base.deadline_s)
        if not self._is_open:
            atexit.register(self.close)
            self._is_open = True
        return found

    @contextmanager
    def _explaining(self, what: str) -> Iterator[None]:
        try:
            yield
        except KbwfError:
            raise
        except Exception as error:
            where = self._base.base_url or "Tinker"
            message = explained(error, f"{where}: {what}", self._key, self._base.deadline_s, self._complaints.text)
            # Without the cause: the SDK's exceptions hold the request, and the request holds the key.
            raise message from None


def _in_thread(start: Callable[[], Any], limit_s: float) -> Any:
    """The result of a future, whose `start` may block itself: the first call of a session does its requests."""
    answer: Future[Any] = Future()

    def work() -> None:
        try:
            answer.set_result(start().result(timeout=limit_s))
        except BaseException as error:
            answer.set_exception(error)

    # A daemon, which a process need not wait for at its end.
    threading.Thread(target=work, daemon=True).start()
    return answer.result(timeout=limit_s)


class _LastWarning(logging.Handler):
    """What the SDK last complained of while it tried again."""

    def __init__(self, key: str) -> None:
        super().__init__(logging.WARNING)
        self.text: str | None = None
        self._key = key

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.text = " ".join(without_key(record.getMessage(), self._key).split())[:MAX_SHOWN_CHARS]
