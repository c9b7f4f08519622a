package doorscaddy

import "errors"

// The errors of [TokenCipher.Decode]. Compare with [errors.Is]. They contain no
// part of the token.
var (
	// ErrorBase64 reports a character outside A-Z a-z 0-9 - _ or a last
	// character with unused bits that are not zero. Padding, white space and
	// the standard alphabet are not allowed.
	ErrorBase64 = errors.New("doorscaddy: the token is not base64url without padding")

	// ErrorCipher reports a token that no key opens, or whose length is neither
	// 43 nor 59 characters.
	ErrorCipher = errors.New("doorscaddy: no key opens the token")

	// ErrorParse never occurs: a token of 43 or 59 characters always contains
	// an address. It exists for programs that compare with it.
	ErrorParse = errors.New("doorscaddy: the token does not contain an IP address")
)

// ErrorCut reports that a server ended before its drain was complete, because
// of a second order or [WithLimit]. Compare with [errors.Is].
var ErrorCut = errors.New("doorscaddy: the drain was cut short")
