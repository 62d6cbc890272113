// noise_peer.go: noise_peer.c's twin on github.com/flynn/noise.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/flynn/noise"
)

const (
	messages  = 10000
	rekey     = 1000
	lengthMax = 1400
)

var (
	in  = bufio.NewReader(os.Stdin)
	out = bufio.NewWriter(os.Stdout)
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "noise_peer.go:", err)
		os.Exit(1)
	}
}

func send(frame []byte) {
	check(binary.Write(out, binary.BigEndian, uint16(len(frame))))
	_, err := out.Write(frame)
	check(err)
}

func receive() []byte {
	var length uint16
	check(binary.Read(in, binary.BigEndian, &length))
	frame := make([]byte, length)
	_, err := io.ReadFull(in, frame)
	check(err)
	return frame
}

func expect(got, wanted []byte) {
	if !bytes.Equal(got, wanted) {
		check(fmt.Errorf("got other bytes than were sent"))
	}
}

func message(i int) []byte {
	text := make([]byte, i%lengthMax)
	for j := range text {
		text[j] = byte(7*i + j)
	}
	return text
}

func shakeHands(initiator bool) (sends, receives *noise.CipherState, hash []byte) {
	suite := noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashBLAKE2b)
	static, err := suite.GenerateKeypair(rand.Reader)
	check(err)
	state, err := noise.NewHandshakeState(noise.Config{
		CipherSuite: suite, Pattern: noise.HandshakeXX, Initiator: initiator, Prologue: []byte("weft interop"),
		PresharedKey: bytes.Repeat([]byte("k"), 32), PresharedKeyPlacement: 0, StaticKeypair: static,
	})
	check(err)
	var first, second *noise.CipherState
	for turn := initiator; first == nil; turn = !turn {
		if turn {
			var frame []byte
			frame, first, second, err = state.WriteMessage(nil, []byte("payload"))
			check(err)
			send(frame)
			check(out.Flush())
		} else {
			var payload []byte
			payload, first, second, err = state.ReadMessage(nil, receive())
			check(err)
			expect(payload, []byte("payload"))
		}
	}
	if initiator {
		return first, second, state.ChannelBinding()
	}
	return second, first, state.ChannelBinding()
}

func sendAll(sends *noise.CipherState) {
	for i := 0; i < messages; i++ {
		if i%rekey == rekey-1 {
			sends.Rekey()
		}
		frame, err := sends.Encrypt(nil, nil, message(i))
		check(err)
		send(frame)
	}
	check(out.Flush())
}

func receiveAll(receives *noise.CipherState) {
	for i := 0; i < messages; i++ {
		if i%rekey == rekey-1 {
			receives.Rekey()
		}
		text, err := receives.Decrypt(nil, nil, receive())
		check(err)
		expect(text, message(i))
	}
}

func main() {
	initiator := len(os.Args) == 2 && os.Args[1] == "initiator"
	sends, receives, hash := shakeHands(initiator)
	if initiator {
		sendAll(sends)
	}
	receiveAll(receives)
	if !initiator {
		sendAll(sends)
	}
	fmt.Fprintf(os.Stderr, "%x\n", hash)
}
