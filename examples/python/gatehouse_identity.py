"""Tells a WSGI or ASGI service behind a Gatehouse gateway who is calling.

Needs PyJWT and cryptography (Debian: python3-jwt, python3-cryptography). Copy this file into your service.
"""

import asyncio
import json
import threading
import time
import urllib.request
import uuid
from dataclasses import dataclass

import jwt

HEADER = "x-auth-assertion"
LEEWAY_SECONDS = 5
# An unknown key is asked for at most once per second.
COOLDOWN_SECONDS = 1
# Keys that could not be fetched again for a day are not trusted.
LIFETIME_SECONDS = 24 * 3600


class Unauthenticated(Exception):
    """There is no valid assertion. The client should sign in."""

    status, code, title = "401 Unauthorized", "UNAUTHENTICATED", "Sign in to continue"
    headers, retryable = [("www-authenticate", "Bearer")], False


class Unavailable(Exception):
    """The key of the assertion cannot be fetched now. The client should try again."""

    status, code, title = "503 Service Unavailable", "UNAVAILABLE", "Temporarily unavailable"
    headers, retryable = [("retry-after", "1")], True


@dataclass(frozen=True)
class Caller:
    """Who sent a request. `session` and `email` are None if the access token has none."""

    subject: str
    client: str
    roles: tuple
    scope: tuple
    expires_at: int
    session: str | None
    email: str | None
    claims: dict


class GatewayKeys:
    """The keys of all gateways, by kid."""

    def __init__(self, url):
        self._url, self._fetching = url, threading.Lock()
        self._known, self._fetched, self._asked = {}, float("-inf"), float("-inf")
        self._complete = False

    def find(self, kid):
        """The key. Raises Unavailable if it may exist but cannot be fetched."""
        if not self._has(kid):
            with self._fetching:
                if not self._has(kid) and time.monotonic() - self._asked > COOLDOWN_SECONDS:
                    self._asked, self._complete = time.monotonic(), False
                    self._fetch()
        if self._has(kid):
            return self._known[kid]
        raise Unauthenticated("unknown key") if self._complete else Unavailable("key set not complete")

    def _has(self, kid):
        return kid in self._known and time.monotonic() - self._fetched < LIFETIME_SECONDS

    def _fetch(self):
        try:
            with urllib.request.urlopen(self._url, timeout=2) as response:
                document = json.load(response)
            keys = {key["kid"]: jwt.PyJWK(key, algorithm="ES256").key for key in document["keys"]}
        except (OSError, ValueError, KeyError, TypeError, jwt.PyJWTError):
            return
        self._known, self._fetched = keys, time.monotonic()
        # Each gateway publishes the keys of all gateways. It says so if it cannot fetch those of the others.
        self._complete = document.get("complete", True)


class Identity:
    """Verifies assertions.

    gateway_keys: the address of /.well-known/gateway-jwks.json on the ops listener of a gateway
    audience: the name of this service in the route table of the gateway
    """

    def __init__(self, gateway_keys, audience):
        if not gateway_keys or not audience:
            raise ValueError("gateway_keys and audience must be set")
        self._keys, self._audience = GatewayKeys(gateway_keys), audience

    def caller(self, assertion):
        """The Caller. Raises Unauthenticated or Unavailable."""
        try:
            head = jwt.get_unverified_header(assertion)
            if head.get("typ") != "gatehouse-assertion+jwt" or head.get("alg") != "ES256":
                raise Unauthenticated("not an assertion")
            claims = jwt.decode(
                assertion,
                self._keys.find(head.get("kid")),
                algorithms=["ES256"],
                issuer="gatehouse-gateway",
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "aud", "sub", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated("the assertion is not valid") from error
        return Caller(
            subject=claims["sub"],
            client=claims["client_id"],
            roles=tuple(claims["roles"]),
            scope=tuple(claims["scope"].split()),
            expires_at=claims["token_exp"],
            session=claims.get("sid"),
            email=claims.get("email"),
            claims=claims.get("claims", {}),
        )


class WsgiIdentity:
    """Puts the Caller into `environ["gatehouse.caller"]`, and answers 401 or 503 without one.

    optional: also lets requests without an assertion pass; their caller is None
    """

    def __init__(self, app, identity, optional=False):
        self._app, self._identity, self._optional = app, identity, optional

    def __call__(self, environ, start_response):
        assertion = environ.get("HTTP_X_AUTH_ASSERTION", "")
        try:
            environ["gatehouse.caller"] = _caller(self._identity, assertion, self._optional)
        except (Unauthenticated, Unavailable) as refusal:
            headers, body = _problem(refusal, environ.get("HTTP_X_REQUEST_ID"))
            start_response(refusal.status, headers)
            return [body]
        return self._app(environ, start_response)


class AsgiIdentity:
    """The same for ASGI: the Caller is in `scope["gatehouse.caller"]`."""

    def __init__(self, app, identity, optional=False):
        self._app, self._identity, self._optional = app, identity, optional

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        # A server joins two assertions with a comma, and the result is not an assertion.
        assertion = ",".join(headers.get(HEADER, []))
        try:
            # It may fetch keys, which must not block the event loop.
            caller = await asyncio.to_thread(_caller, self._identity, assertion, self._optional)
        except (Unauthenticated, Unavailable) as refusal:
            return await _refuse(scope, send, refusal, headers.get("x-request-id", [None])[0])
        return await self._app({**scope, "gatehouse.caller": caller}, receive, send)


def _caller(identity, assertion, optional):
    return None if optional and assertion == "" else identity.caller(assertion)


def _problem(refusal, request_id):
    """Problem details (RFC 9457), with the members that the errors of the gateway have."""
    document = {
        "type": "urn:gatehouse:problem:" + refusal.code.lower(),
        "title": refusal.title,
        "status": int(refusal.status[:3]),
        "code": refusal.code,
        # The gateway sends an id with each request.
        "requestId": request_id or str(uuid.uuid4()),
        "retryable": refusal.retryable,
    }
    types = [("content-type", "application/problem+json"), ("cache-control", "no-store")]
    return [*types, *refusal.headers], json.dumps(document).encode()


async def _refuse(scope, send, refusal, request_id):
    if scope["type"] == "websocket":
        # Before the handshake is accepted, this answers 403.
        return await send({"type": "websocket.close"})
    headers, body = _problem(refusal, request_id)
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": int(refusal.status[:3]), "headers": pairs})
    await send({"type": "http.response.body", "body": body})
