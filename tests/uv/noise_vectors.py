#!/usr/bin/env python3
"""The published vectors of Noise through noise_vectors, as far as their files are on this machine.

usage: noise_vectors.py PROGRAM FILE..., with *.json in the form of cacophony and snow, others in that of flynn/noise
"""
import json
import os
import subprocess
import sys

SKIPPED = 77


def lines_of(vector):
    """A vector in flynn/noise's form. In this one's the sides go on taking turns after the handshake."""
    yield f"handshake={vector['protocol_name']}"
    yield "turns=go on"
    for key, name in (
        ("init_static", "init_static"),
        ("resp_static", "resp_static"),
        ("init_ephemeral", "gen_init_ephemeral"),
        ("resp_ephemeral", "gen_resp_ephemeral"),
        ("init_prologue", "prologue"),
        ("handshake_hash", "handshake_hash"),
    ):
        if key in vector:
            yield f"{name}={vector[key]}"
    for psk in vector.get("init_psks", []):
        yield f"preshared_key={psk}"
    for i, message in enumerate(vector["messages"]):
        yield f"msg_{i}_payload={message['payload']}"
        yield f"msg_{i}_ciphertext={message['ciphertext']}"


def text_of(path):
    with open(path, encoding="utf-8") as file:
        if not path.endswith(".json"):
            return file.read()
        vectors = json.load(file)["vectors"]
    return "\n\n".join("\n".join(lines_of(vector)) for vector in vectors) + "\n"


def main():
    program, paths = sys.argv[1], sys.argv[2:]
    found = [path for path in paths if os.path.exists(path)]
    for path in paths:
        if path not in found:
            print(f"skipped: {path} is not here")
    wrong = 0
    for path in found:
        done = subprocess.run([program], input=text_of(path), text=True, capture_output=True, check=False)
        print(f"{path}:\n{done.stdout}{done.stderr}", end="")
        wrong += done.returncode != 0
    if wrong:
        return 1
    return 0 if found else SKIPPED


sys.exit(main())
