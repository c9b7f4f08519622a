package doorscaddy

import "errors"

// The errors of [TokenCipher.Decode], one for each way a token can fail; to be
// compared with [errors.Is]. None of them holds any part of the token.
var (
	// ErrorBase64 reports a character outside A-Z a-z 0-9 - _ (padding, the
	// standard alphabet and white space included), or a last character whose
	// unused bits are not zero.
	ErrorBase64 = errors.New("doorscaddy: the token is not base64url without padding")

	// ErrorCipher reports a token of another length than 43 or 59 characters,
	// or one that no key opens.
	ErrorCipher = errors.New("doorscaddy: no key opens the token")

	// ErrorParse never occurs: a token of 43 or 59 characters always holds an
	// address. The name stays for programs that compare with it.
	ErrorParse = errors.New("doorscaddy: the token holds no IP address")
)

// ErrorCut reports that a server ended before its drain: by a second order, or
// by [WithLimit]. To be compared with [errors.Is].
var ErrorCut = errors.New("doorscaddy: the drain was cut short")
