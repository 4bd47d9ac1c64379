"""Tests of ASGI and callers that the tests through a gateway do not cover. Runs with unittest."""

import asyncio
import base64
import json
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from gatehouse_identity import AsgiIdentity, Identity, Unauthenticated, WsgiIdentity

KEY = ec.generate_private_key(ec.SECP256R1())


def coordinate(number):
    # RFC 7518, 6.2.1.2: always 32 bytes. PyJWT 2.6 leaves out zeros at the beginning.
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


POINT = KEY.public_key().public_numbers()
COORDINATES = {"x": coordinate(POINT.x), "y": coordinate(POINT.y)}
JWK = {"kty": "EC", "crv": "P-256", "kid": "one"} | COORDINATES


class Keys(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"keys": [JWK]}).encode())

    def log_message(self, *_words):
        pass


def assertion(**claims):
    now = int(time.time())
    content = {"iss": "gatehouse-gateway", "aud": "shop", "sub": "ada", "iat": now, "exp": now + 60}
    content |= {"client_id": "app", "roles": ["user"], "scope": "a b", "token_exp": now + 300}
    head = {"typ": "gatehouse-assertion+jwt", "kid": "one"}
    return jwt.encode(content | claims, KEY, algorithm="ES256", headers=head)


async def app(scope, _receive, send):
    await send({"type": "reached", "caller": scope["gatehouse.caller"]})


class Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = HTTPServer(("127.0.0.1", 0), Keys)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.identity = Identity(f"http://127.0.0.1:{cls.server.server_port}/", "shop")

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def ask(self, headers, kind="http", **options):
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": kind, "headers": headers}
        asyncio.run(AsgiIdentity(app, self.identity, **options)(scope, None, send))
        return sent

    def test_a_caller_has_what_the_assertion_says(self):
        caller = self.identity.caller(assertion(claims={"tenant": "a"}))
        self.assertEqual((caller.subject, caller.client, caller.session), ("ada", "app", None))
        self.assertEqual((caller.roles, caller.scope), (("user",), ("a", "b")))
        self.assertEqual(caller.claims, {"tenant": "a"})

    def test_an_assertion_that_has_expired_or_is_for_another_service_is_refused(self):
        for claims in ({"exp": int(time.time()) - 10}, {"aud": "bank"}, {"iss": "other"}):
            with self.assertRaises(Unauthenticated):
                self.identity.caller(assertion(**claims))

    def test_asgi_gets_the_caller(self):
        [message] = self.ask([(b"X-Auth-Assertion", assertion().encode())])
        self.assertEqual(message["caller"].subject, "ada")

    def test_asgi_refuses_none_and_two_assertions(self):
        one = (b"x-auth-assertion", assertion().encode())
        for headers in ([], [one, one]):
            [start, body] = self.ask(headers)
            self.assertEqual(start["status"], 401)
            problem = json.loads(body["body"])
            self.assertEqual(problem["code"], "UNAUTHENTICATED")
            self.assertRegex(problem["requestId"], "^[0-9a-f-]{36}$")
            self.assertEqual(self.ask(headers, kind="websocket"), [{"type": "websocket.close"}])

    def test_an_optional_assertion_may_be_absent_but_not_invalid(self):
        [message] = self.ask([], optional=True)
        self.assertIsNone(message["caller"])
        self.assertEqual(self.ask([(b"x-auth-assertion", b"a.b.c")], optional=True)[0]["status"], 401)

    def test_wsgi_answers_a_problem_with_the_id_of_the_request(self):
        started = []
        service = WsgiIdentity(None, self.identity)
        [body] = service({"HTTP_X_REQUEST_ID": "r1"}, lambda *words: started.append(words))
        self.assertEqual(started[0][0], "401 Unauthorized")
        self.assertEqual(json.loads(body)["requestId"], "r1")


if __name__ == "__main__":
    unittest.main()
