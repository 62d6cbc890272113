#!/usr/bin/env node
// noise_peer.js: noise_peer.c's twin on npm's noise-handshake, which NODE_PATH leads to.
'use strict'

const crypto = require('crypto')
const fs = require('fs')
const Noise = require('noise-handshake')
const Cipher = require('noise-handshake/cipher')

const MESSAGES = 10000
const REKEY = 1000
const LENGTH_MAX = 1400

function read (length) {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length;) {
    const got = fs.readSync(0, bytes, at, length - at, null)
    if (got === 0) throw new Error('the stream ended')
    at += got
  }
  return bytes
}

function write (bytes) {
  for (let at = 0; at < bytes.length;) at += fs.writeSync(1, bytes, at)
}

function receive () {
  return read(read(2).readUInt16BE())
}

function framed (bytes) {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(bytes.length)
  return Buffer.concat([head, bytes])
}

function message (i) {
  return Buffer.from(Array.from({ length: i % LENGTH_MAX }, (_, j) => (7 * i + j) & 255))
}

function expect (got, wanted) {
  if (!Buffer.from(got).equals(Buffer.from(wanted))) throw new Error('got other bytes than were sent')
}

// The package has no Rekey(): ENCRYPT(k, 2^64 - 1, "", zeros), cut to a key.
function rekey (cipher) {
  const nonce = Buffer.concat([Buffer.alloc(4), Buffer.alloc(8, 0xff)])
  const aead = crypto.createCipheriv('chacha20-poly1305', cipher.key, nonce, { authTagLength: 16 })
  cipher.key = aead.update(Buffer.alloc(32))
}

function shakeHands (initiator) {
  const noise = new Noise('XXpsk0', initiator, null, { psk: Buffer.alloc(32, 'k') })
  noise.initialise(Buffer.from('weft interop'))
  for (let turn = initiator; !noise.complete; turn = !turn) {
    if (turn) write(framed(Buffer.from(noise.send(Buffer.from('payload')))))
    else expect(noise.recv(receive()), Buffer.from('payload'))
  }
  return noise
}

function sendAll (key) {
  const cipher = new Cipher(key)
  for (let i = 0; i < MESSAGES; i++) {
    if (i % REKEY === REKEY - 1) rekey(cipher)
    write(framed(Buffer.from(cipher.encrypt(message(i)))))
  }
}

function receiveAll (key) {
  const cipher = new Cipher(key)
  for (let i = 0; i < MESSAGES; i++) {
    if (i % REKEY === REKEY - 1) rekey(cipher)
    expect(cipher.decrypt(receive()), message(i))
  }
}

const initiator = process.argv[2] === 'initiator'
const noise = shakeHands(initiator)
if (initiator) sendAll(noise.tx)
receiveAll(noise.rx)
if (!initiator) sendAll(noise.tx)
console.error(Buffer.from(noise.hash).toString('hex'))
