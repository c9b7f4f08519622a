package main

import (
	"encoding/base64"
	"fmt"
	"strings"
)

type acceptedToken struct {
	Name    string `json:"name"`
	Secret  string `json:"secret"`
	Address string `json:"address"`
	Key     int    `json:"key"`
	Token   string `json:"token"`
}

type encodedToken struct {
	Name      string `json:"name"`
	Secret    string `json:"secret"`
	Address   string `json:"address"`
	DecodesTo string `json:"decodes_to"`
	Length    int    `json:"length"`
}

type refusedToken struct {
	Name        string `json:"name"`
	Secret      string `json:"secret"`
	Token       string `json:"token"`
	TokenBase64 string `json:"token_base64,omitempty"`
	Error       string `json:"error"`
}

type tokens struct {
	Accepted []acceptedToken `json:"accepted"`
	Encoded  []encodedToken  `json:"encoded"`
	Refused  []refusedToken  `json:"refused"`
}

// namedKeys are AES keys of the three sizes.
var namedKeys = []struct {
	name string
	key  []byte
}{{"AES-128", keyA16}, {"AES-192", keyA24}, {"AES-256", keyA32}}

func tokenVectors() tokens {
	return tokens{acceptedTokens(), encodedTokens(), refusedTokens()}
}

func acceptedTokens() (all []acceptedToken) {
	opens := func(key int, name, secret, address, token string) {
		all = append(all, acceptedToken{name, secret, canonical(address), key, token})
	}
	accept := func(name, secret, address, token string) { opens(0, name, secret, address, token) }
	addresses := []string{
		"10.0.0.1", "0.0.0.0", "255.255.255.255", "127.0.1.1", "224.0.0.1", "192.168.178.20",
		"2001:db8::1", "::", "::1", "fe80::1", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:db8:85a3:8d3:1319:8a2e:370:7348", "::10.0.0.1", "64:ff9b::10.0.0.1",
	}
	for _, k := range namedKeys {
		for _, address := range addresses {
			accept(k.name+" "+address, secretOf(k.key), address, sealText(k.key, k.name, address))
		}
	}
	accept("an IPv4-mapped address in a token becomes IPv4", secretOf(keyA32), "::ffff:10.0.0.1",
		sealText(keyA32, "mapped", "::ffff:10.0.0.1"))
	accept("the mapped unspecified address becomes IPv4", secretOf(keyA32), "::ffff:0.0.0.0",
		sealText(keyA32, "mapped", "::ffff:0.0.0.0"))
	for i, key := range [][]byte{keyA32, keyB16, keyC24} {
		for _, address := range []string{"10.1.2.3", "2001:db8::3"} {
			opens(i, fmt.Sprintf("key %d of 3 opens %s", i, address), secretOf(keyA32, keyB16, keyC24), address,
				sealText(key, "rotation", address))
		}
	}
	eight := manyKeys(8)
	opens(7, "key 7 of 8", secretOf(eight...), "10.1.2.3", sealText(eight[7], "eight", "10.1.2.3"))
	spaced := "\n\t " + secretOf(keyA32) + "\r\n" + secretOf(keyB32) + "\n"
	opens(1, "keys separated by line breaks", spaced, "10.1.2.3", sealText(keyB32, "spaced", "10.1.2.3"))
	for _, c := range []string{"-", "_"} {
		accept("a token with "+c, secretOf(keyA32), "10.0.0.9", sealWith(keyA32, "10.0.0.9", c))
		accept("an IPv6 token with "+c, secretOf(keyA32), "2001:db8::9", sealWith(keyA32, "2001:db8::9", c))
	}
	accept("nonce of zero bytes", secretOf(keyA32), "10.0.0.1",
		text(sealBytes(keyA32, make([]byte, 12), []byte{10, 0, 0, 1}, additionalData)))
	accept("nonce of bytes 255", secretOf(keyA32), "10.0.0.1",
		text(sealBytes(keyA32, []byte(strings.Repeat("\xff", 12)), []byte{10, 0, 0, 1}, additionalData)))
	return all
}

func encodedTokens() (all []encodedToken) {
	encode := func(name, secret, address string, length int) {
		all = append(all, encodedToken{name, secret, address, canonical(address), length})
	}
	for _, k := range namedKeys {
		for _, address := range []string{"10.0.0.1", "0.0.0.0", "255.255.255.255"} {
			encode(k.name+" "+address, secretOf(k.key), address, 43)
		}
		for _, address := range []string{"2001:db8::1", "::", "::1", "::10.0.0.1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"} {
			encode(k.name+" "+address, secretOf(k.key), address, 59)
		}
		encode(k.name+" IPv4-mapped becomes IPv4", secretOf(k.key), "::ffff:10.0.0.1", 43)
	}
	encode("several keys", secretOf(keyB16, keyA32), "10.0.0.1", 43)
	encode("eight keys", secretOf(manyKeys(8)...), "2001:db8::1", 59)
	return all
}

func refusedTokens() (all []refusedToken) {
	refuse := func(name, token, err string) {
		all = append(all, refusedToken{Name: name, Secret: secretOf(keyA32), Token: token, Error: err})
	}
	refuseBytes := func(name, token, err string) {
		all = append(all, refusedToken{Name: name, Secret: secretOf(keyA32),
			TokenBase64: base64.StdEncoding.EncodeToString([]byte(token)), Error: err})
	}
	refuseKey := func(name, secret, token, err string) {
		all = append(all, refusedToken{Name: name, Secret: secret, Token: token, Error: err})
	}

	refuse("the empty token", "", "cipher")
	refuse("one character", "A", "cipher")
	refuse("one character outside the alphabet", "=", "base64")
	refuse("a tilde", "~", "base64")

	for _, family := range []struct{ name, address string }{{"IPv4", "10.0.0.1"}, {"IPv6", "2001:db8::1"}} {
		token := sealText(keyA32, "refused", family.address)
		sealed, _ := base64.RawURLEncoding.DecodeString(token)
		in := func(name string) string { return family.name + ": " + name }
		half := len(token) / 2
		put := func(s string) string { return token[:half] + s + token[half+1:] }
		insert := func(s string) string { return token[:half] + s + token[half:] }

		// Tokens that no key opens.
		for _, key := range [][]byte{keyA16, keyA24, keyB32} {
			refuseKey(in(fmt.Sprintf("another key of %d bytes", len(key))), secretOf(key), token, "cipher")
		}
		refuseKey(in("eight other keys"), secretOf(manyKeys(8)...), token, "cipher")
		for _, place := range []struct {
			name string
			bit  int
		}{
			{"first bit of the nonce", 0}, {"last bit of the nonce", 12*8 - 1},
			{"first bit of the ciphertext", 12 * 8}, {"last bit of the ciphertext", (len(sealed)-16)*8 - 1},
			{"first bit of the tag", (len(sealed) - 16) * 8}, {"last bit of the tag", len(sealed)*8 - 1},
		} {
			refuse(in("changed "+place.name), text(flip(sealed, place.bit)), "cipher")
		}
		plaintext := addressBytes(family.address)
		refuse(in("no additional data"), text(sealBytes(keyA32, nonceOf("x"), plaintext, "")), "cipher")
		refuse(in("other additional data"), text(sealBytes(keyA32, nonceOf("x"), plaintext, "doors-pod-ip-v2")), "cipher")
		refuse(in("additional data with a NUL"), text(sealBytes(keyA32, nonceOf("x"), plaintext, additionalData+"\x00")), "cipher")
		refuse(in("nonce at the end"), text(append(append([]byte(nil), sealed[12:]...), sealed[:12]...)), "cipher")
		tag := len(sealed) - 16
		refuse(in("tag before the ciphertext"), text(append(append(append([]byte(nil), sealed[:12]...), sealed[tag:]...), sealed[12:tag]...)), "cipher")
		refuse(in("all zero bits"), strings.Repeat("A", len(token)), "cipher")

		// Other lengths.
		refuse(in("one character less"), token[:len(token)-1], "cipher")
		refuse(in("first character missing"), token[1:], "cipher")
		refuse(in("one character more"), token+"A", "cipher")
		refuse(in("one character in front"), "A"+token, "cipher")
		refuse(in("twice in a row"), token+token, "cipher")
		refuse(in("one less, unused bits set"), token[:len(token)-2]+"B", "cipher")

		// Not base64url without padding.
		refuse(in("padding"), token+"=", "base64")
		refuse(in("more padding"), token+"==", "base64")
		refuse(in("padding in place of the last character"), token[:len(token)-1]+"=", "base64")
		for _, c := range []string{"+", "/", "=", ".", "~", "%", ",", " ", "\t", "\n", "\r", "\v", "\"", "@", "[", "`", "{", "\u007f"} {
			refuse(in(fmt.Sprintf("%q in place of a character", c)), put(c), "base64")
		}
		for _, c := range []string{"\n", "\r", "\r\n", " ", "\t", "é", "\u00a0", "\u2028", "Ａ", "\ufeff"} {
			refuse(in(fmt.Sprintf("%q inside", c)), insert(c), "base64")
		}
		for _, c := range []string{" ", "\n", "\r\n", "\t"} {
			refuse(in(fmt.Sprintf("%q behind", c)), token+c, "base64")
			refuse(in(fmt.Sprintf("%q in front", c)), c+token, "base64")
		}
		refuse(in("line break inside, length right"), token[:half]+"\n"+token[half:len(token)-1], "base64")
		refuse(in("line break as the last character"), token[:len(token)-1]+"\n", "base64")
		refuseBytes(in("NUL inside"), put("\x00"), "base64")
		refuseBytes(in("NUL behind"), token+"\x00", "base64")
		refuseBytes(in("invalid UTF-8"), put("\xff"), "base64")
		refuseBytes(in("high bit of a character set"), put(string([]byte{token[half] | 0x80})), "base64")
		refuse(in("percent escape of a character"), token[:half]+fmt.Sprintf("%%%02X", token[half])+token[half+1:], "base64")

		// Unused bits of the last character.
		for n := 1; n <= 3; n++ {
			refuse(in(fmt.Sprintf("unused bits %02b", n)), trailing(token, n), "base64")
		}
		refuse(in("unused bits set, also a changed tag"), trailing(text(flip(sealed, len(sealed)*8-20)), 1), "base64")
		refuseKey(in("unused bits set, also another key"), secretOf(keyB32), trailing(token, 2), "base64")
	}

	// Contents of other lengths are not addresses.
	for _, size := range []int{0, 1, 3, 5, 8, 15, 17, 32} {
		refuse(fmt.Sprintf("content of %d bytes", size),
			text(sealBytes(keyA32, nonceOf("content"), make([]byte, size), additionalData)), "cipher")
	}
	token := sealText(keyA32, "refused", "10.0.0.1")
	for _, c := range []struct{ ours, theirs string }{{"-", "+"}, {"_", "/"}} {
		ours := sealWith(keyA32, "10.0.0.9", c.ours)
		refuse("standard alphabet "+c.theirs, strings.ReplaceAll(ours, c.ours, c.theirs), "base64")
	}
	refuse("standard base64 with padding", base64.StdEncoding.EncodeToString(make([]byte, 32)), "base64")
	for _, n := range []int{2, 42, 44, 58, 60, 64, 86, 128, 4096, 65536} {
		refuse(fmt.Sprintf("%d characters", n), strings.Repeat("A", n), "cipher")
	}
	refuse("over-long with one character outside the alphabet at the end", strings.Repeat("A", 4096)+"!", "base64")
	refuse("the key itself", secretOf(keyA32), "base64")
	refuse("upper case", strings.ToUpper(token), caseError(token, strings.ToUpper(token)))
	refuse("the address in clear", "10.0.0.1", "base64")
	refuseKey("right key behind seven others, token of none", secretOf(append(manyKeys(7), keyA32)...),
		sealText(keyB32, "none", "10.0.0.1"), "cipher")
	return all
}

// caseError returns the error of a token whose letters were changed: its last character may now
// have unused bits set.
func caseError(before, after string) string {
	if before == after {
		panic("the token has no lower case letter")
	}
	if strings.IndexByte(alphabet, after[len(after)-1])&3 != 0 {
		return "base64"
	}
	return "cipher"
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// trailing sets the two unused bits of the last character.
func trailing(token string, bits int) string {
	last := len(token) - 1
	return token[:last] + alphabet[strings.IndexByte(alphabet, token[last])|bits:][:1]
}

func flip(sealed []byte, bit int) []byte {
	changed := append([]byte(nil), sealed...)
	changed[bit/8] ^= 0x80 >> (bit % 8)
	return changed
}
