"""A participant that holds seats and drops them again: the protocol of participant-protocol.md, with nothing but Python."""
import json, os, re, sqlite3, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SEATS, BODY_MAX = 100, 16_384
KEY = re.compile(r"([a-z][a-z0-9]{0,15}_[A-Za-z0-9_-]{1,64}):[a-z][a-z0-9-]{0,31}(?::alt)?")
lock = threading.Lock()
db = sqlite3.connect(os.environ.get("STORE", "seats.sqlite"), check_same_thread=False, isolation_level=None)
db.executescript("""
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS fence (key TEXT PRIMARY KEY, state TEXT, sent TEXT, status INTEGER, reply TEXT);
  CREATE TABLE IF NOT EXISTS held (key TEXT PRIMARY KEY, seats INTEGER CHECK (seats > 0));
  CREATE TABLE IF NOT EXISTS meta (incarnation TEXT);
  INSERT INTO meta SELECT hex(randomblob(16)) WHERE NOT EXISTS (SELECT 1 FROM meta);""")
INCARNATION = db.execute("SELECT incarnation FROM meta").fetchone()[0]

def problem(status, code):
    return status, {"type": f"urn:seats:{code}", "title": code, "status": status, "code": code}

def held():
    return db.execute("SELECT coalesce(sum(seats), 0) FROM held").fetchone()[0]

def forward(key, order, body, sent, row):
    if row and row[0] in ("UNDONE", "TOMBSTONE"):
        return problem(409, "fenced")
    if row:
        return (row[2], json.loads(row[3])) if row[1] == sent else problem(422, "key-reused")
    seats = body.get("seats")
    if body.keys() != {"orderId", "seats"} or body["orderId"] != order or type(seats) is not int or seats < 1:
        return problem(400, "bad-request")
    if seats > SEATS - held():
        state, (status, reply) = "REFUSED", problem(409, "sold-out")
    else:
        db.execute("INSERT INTO held VALUES (?, ?)", (key, seats))
        state, status, reply = "DONE", 200, {"holdId": f"hold-{key}"}
    db.execute("INSERT INTO fence VALUES (?, ?, ?, ?, ?)", (key, state, sent, status, json.dumps(reply)))
    return status, reply

def undo(key, order, body, sent, row):
    if body != {"orderId": order}:
        return problem(400, "bad-request")
    if not row:
        db.execute("INSERT INTO fence (key, state) VALUES (?, 'TOMBSTONE')", (key,))
    elif row[0] == "DONE":
        db.execute("DELETE FROM held WHERE key = ?", (key,))
        db.execute("UPDATE fence SET state = 'UNDONE' WHERE key = ?", (key,))
    return 200, {}

def in_transaction(act, key, body, path):
    order = KEY.fullmatch(key)[1]
    with lock, db:  # commits, or rolls back
        db.execute("BEGIN IMMEDIATE")
        row = db.execute("SELECT state, sent, status, reply FROM fence WHERE key = ?", (key,)).fetchone()
        status, reply = act(key, order, body, path + json.dumps(body, sort_keys=True), row)
    return status, {"orderId": order, **reply}

def to_operation(example, **more):
    reply = {"description": "ok", "content": {"application/json": {"schema": {"type": "object", "required": ["orderId"]}}}}
    return {"post": {"requestBody": {"content": {"application/json": {"example": example}}}, "responses": {"200": reply}, **more}}

EFFECTS = {"/hold": forward, "/drop": undo}
DOCUMENT = {"openapi": "3.1.0", "info": {"title": "seats", "version": "1"}, "paths": {
    "/hold": to_operation({"orderId": "ord_1", "seats": 2}, **{
        "x-baton-effect": {"undo": "/drop"},
        "x-baton-refusal-example": {"code": "sold-out", "body": {"orderId": "ord_1", "seats": SEATS + 1}}}),
    "/drop": to_operation({"orderId": "ord_1"}), "/held": {"get": {"responses": {"200": {"description": "ok"}}}}}}
READS = {"/openapi.json": lambda: DOCUMENT, "/held": lambda: {"held": held()},
         "/health/live": lambda: {"status": "live"}, "/health/ready": lambda: {"status": "ready"}}

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        raw = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1 << 20))
        known = {**EFFECTS, **READS}.get(self.path)
        if not known or self.command != ("POST" if self.path in EFFECTS else "GET"):
            return problem(405, "method-not-allowed") if known else problem(404, "not-found")
        if self.path in READS:
            with lock: return 200, known()
        key = self.headers.get("Idempotency-Key") or ""
        if not KEY.fullmatch(key): return problem(400, "key-missing")
        if len(raw) > BODY_MAX: return problem(413, "payload-too-large")
        try: body = json.loads(raw)
        except ValueError: return problem(400, "bad-request")
        return in_transaction(known, key, body, self.path) if isinstance(body, dict) else problem(400, "bad-request")

    def do_GET(self):
        status, body = self.answer()
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "application/problem+json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("baton-incarnation", INCARNATION)
        self.end_headers()
        self.wfile.write(text)
    do_POST = do_PUT = do_GET

server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "5001"))), Handler)
print(json.dumps({"ready": True, "port": server.server_port}), flush=True)
server.serve_forever()
