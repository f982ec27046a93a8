package denial

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Sealer makes and opens encoded authorization messages of Writ's own format.
// What they hold is nobody's business but that of those who may call
// sts:DecodeAuthorizationMessage, so they are encrypted: AES-256 in Galois
// counter mode with a random nonce, good for four billion messages under one
// key. A Sealer may be used by several goroutines at once.
//
// The text is unpadded URL-safe base64 of: a version byte (1), the nonce (12
// bytes), and the sealed rest: the time in seconds since 1970 (8 bytes, big
// endian) and the JSON of the message.
type Sealer struct{ aead cipher.AEAD }

// KeySize is the length of a sealer's key in bytes.
const KeySize = 32

// MaxEncoded is the length of the longest encoded message, in characters, that
// sts:DecodeAuthorizationMessage takes.
const MaxEncoded = 10240

const sealedVersion = 1

// sealedFor binds a ciphertext to its use.
var sealedFor = []byte("writ authorization message")

// The errors of sealing and opening.
var (
	ErrInvalidMessage = errors.New("encoded authorization message is not one of this key")
	ErrExpired        = errors.New("encoded authorization message has expired")
	ErrTooLarge       = fmt.Errorf("authorization message is longer than %d characters when encoded", MaxEncoded)
)

// NewSealer returns a sealer with a key of KeySize bytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("key has %d bytes; it takes %d", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &Sealer{aead}, err
}

// Seal encodes a message at a time. It fails with ErrTooLarge when the message
// would not fit; one with fewer context keys or statements may.
func (s *Sealer) Seal(d Decoded, at time.Time) (string, error) {
	plain := binary.BigEndian.AppendUint64(nil, uint64(at.Unix()))
	body, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	plain = append(plain, body...)
	head := make([]byte, 1+s.aead.NonceSize())
	head[0] = sealedVersion
	rand.Read(head[1:]) // never fails
	sealed := s.aead.Seal(head, head[1:], plain, sealedFor)
	if base64.RawURLEncoding.EncodedLen(len(sealed)) > MaxEncoded {
		return "", ErrTooLarge
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open decodes a message that is no older than maxAge at a time; a maxAge of
// zero lets it be of any age. Its errors are ErrInvalidMessage and ErrExpired.
func (s *Sealer) Open(message string, at time.Time, maxAge time.Duration) (Decoded, error) {
	if len(message) > MaxEncoded || strings.ContainsAny(message, "\r\n") { // which the decoder would pass over
		return Decoded{}, ErrInvalidMessage
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(message)
	head := 1 + s.aead.NonceSize()
	if err != nil || len(sealed) < head || sealed[0] != sealedVersion {
		return Decoded{}, ErrInvalidMessage
	}
	plain, err := s.aead.Open(nil, sealed[1:head], sealed[head:], sealedFor)
	if err != nil || len(plain) < 8 {
		return Decoded{}, ErrInvalidMessage
	}
	made := time.Unix(int64(binary.BigEndian.Uint64(plain)), 0)
	if maxAge > 0 && at.Sub(made) > maxAge {
		return Decoded{}, ErrExpired
	}
	var d Decoded
	if err := json.Unmarshal(plain[8:], &d); err != nil {
		return Decoded{}, ErrInvalidMessage
	}
	return d, nil
}
