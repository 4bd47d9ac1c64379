import os

from flask import Flask, abort, request
from gatehouse_identity import Identity, WsgiIdentity

app = Flask(__name__)
identity = Identity(os.environ["GATEWAY_KEYS_URL"], audience=os.environ["AUDIENCE"])
app.wsgi_app = WsgiIdentity(app.wsgi_app, identity)


@app.get("/")
def hello():
    return request.environ["gatehouse.caller"].subject


@app.get("/report")
def report():
    if "admin" not in request.environ["gatehouse.caller"].roles:
        abort(403)
    return {"lines": []}


app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
