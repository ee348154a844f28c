"""A server that speaks as much of the OpenAI protocol as the tools need, and always gives the same answer.

    python fake_model_server.py PORT MODEL SLOW

Logs what it read and wrote as llama.cpp does. SLOW is how many seconds an answer takes that comes in one piece.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALLS = 'truncate("a long line of text", 9)\ntruncate("abc", 2)\n'


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._send("application/json", json.dumps({"data": [{"id": sys.argv[2]}]}))

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked.get("stream"):
            begun = {"model": asked["model"], "choices": [{"delta": {"content": CALLS}}]}
            ended = {"model": asked["model"], "choices": [{"delta": {}, "finish_reason": "stop"}]}
            self._log()
            self._send(
                "text/event-stream", f"data: {json.dumps(begun)}\n\ndata: {json.dumps(ended)}\n\ndata: [DONE]\n\n"
            )
        else:
            print("Llama.generate: 5 prefix-match hit, remaining 30 prompt tokens to eval", file=sys.stderr, flush=True)
            time.sleep(float(sys.argv[3]))
            self._log()
            self._send("application/json", json.dumps({"choices": [{"message": {"content": CALLS}}]}))

    def _log(self) -> None:
        print("Llama.generate: 10 prefix-match hit, remaining 30 prompt tokens to eval", file=sys.stderr)
        print("llama_perf_context_print: prompt eval time =       0.05 ms /    30 tokens (  0 ms)", file=sys.stderr)
        print("llama_perf_context_print:        eval time =      67.00 ms /     2 runs   ( 33 ms)", file=sys.stderr)

    def _send(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
