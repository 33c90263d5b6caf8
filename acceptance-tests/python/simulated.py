"""The simulated cloud, seen through the official SDK.

`Account.call` sends one action and holds the answer against the SDK's own
models: a field that a model does not know, or a value of another type than it
documents, is an error.
"""

import importlib
import json
import time
import warnings

from tencentcloud.common import credential
from tencentcloud.common.abstract_model import AbstractModel
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

import catalogue

REGION = "ap-guangzhou"
VERSIONS = {
    service: entry["version"]
    for service, entry in json.loads((catalogue.HERE / "actions.json").read_text()).items()
}
SCALARS = {"string": (str,), "integer": (int,), "float": (int, float), "boolean": (bool,)}


class Account:
    """One key of the simulated cloud."""

    def __init__(self, endpoint, secret_id, secret_key, token=None, uin=None, proxied=False):
        self.uin = uin
        self._credential = credential.Credential(secret_id, secret_key, token)
        self._endpoint = endpoint
        self._proxied = proxied
        self._clients = {}

    def call(self, operation, **params):
        """Calls `service:Action` and returns the answer's model, checked."""
        service, action = operation.split(":")
        models = _module(service, "models")
        request = getattr(models, f"{action}Request")()
        with warnings.catch_warnings():
            # The SDK only warns of fields that its models do not have.
            warnings.simplefilter("error")
            warnings.simplefilter("default", DeprecationWarning)
            request.from_json_string(json.dumps(params))
            answer = getattr(self._client(service), action)(request)
        _check(answer, action)
        return answer

    def call_unpublished(self, service, version, action, **params):
        """Calls an action that the SDK has no model of; returns the plain answer."""
        client = CommonClient(service, version, self._credential, REGION, self._profile())
        return client.call_json(action, params)["Response"]

    def _client(self, service):
        if service not in self._clients:
            module = _module(service, f"{service}_client")
            kind = next(c for n, c in vars(module).items() if n.lower() == f"{service}client")
            self._clients[service] = kind(self._credential, REGION, self._profile())
        return self._clients[service]

    def _profile(self):
        if self._proxied:
            # Unmodified host names, with the simulator as the HTTP proxy before them.
            return ClientProfile(httpProfile=HttpProfile(protocol="http", proxy=self._endpoint))
        # Every product at one address: told apart by the credential's scope.
        host = self._endpoint.removeprefix("http://")
        return ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=host))


def wait_until(wanted, look, seconds=20):
    """Looks again and again until it sees `wanted`; returns everything that it saw."""
    seen = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = look()
        if not seen or seen[-1] != now:
            seen.append(now)
        if now == wanted:
            return seen
        time.sleep(0.02)
    raise AssertionError(f"{wanted} was not seen in {seconds} s, only {seen}")


def _module(service, name):
    version = VERSIONS[service].replace("-", "")
    return importlib.import_module(f"tencentcloud.{service}.v{version}.{name}")


def _check(model, path):
    """Holds every value of an answer against the type that its model documents."""
    for name, field in catalogue.fields(type(model)).items():
        # The attribute behind the property, which warns where it is deprecated.
        value = vars(model)[f"_{name}"]
        if value is None:
            continue
        where = f"{path}.{name}"
        if field["type"] == "list":
            assert isinstance(value, list), f"{where} is no list: {value!r}"
            for item in value:
                _check_item(item, field["of"], where)
        elif field["type"] == "object":
            _check_item(value, field["of"], where)
        else:
            _check_item(value, field["type"], where)


def _check_item(value, of, where):
    if of not in SCALARS:
        assert isinstance(value, AbstractModel), f"{where} is no {of}: {value!r}"
        _check(value, where)
        return
    right = isinstance(value, SCALARS[of])
    if of != "boolean" and isinstance(value, bool):
        right = False
    assert right, f"{where} is no {of}: {value!r}"
