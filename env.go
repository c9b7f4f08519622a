package doorscaddy

// In:  the environment of a pod.
// Out: the ID of its server, or an error that says what to set. No error holds any part of a secret.

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
)

// The environment variables that [IDFromEnv] reads.
const (
	envSecret     = "DOORS_SECRET"
	envSecretFile = "DOORS_SECRET_FILE"
	envPodIP      = "POD_IP"
)

// maxShown is the longest value that an error shows. Every key is longer, also
// one that stands in the wrong variable.
const maxShown = 20

// IDFromEnv returns the ID of this server: the token of its address, for
// doors.WithID. Call it once per process.
//
//   - DOORS_SECRET is the secret that [NewCipher] takes, or
//     DOORS_SECRET_FILE is the path of a file that holds it.
//   - POD_IP is the IP address at which Caddy reaches this process, without a
//     port. In Kubernetes it comes from the field status.podIP.
//
// The error names every variable that is missing or wrong, and what to set.
func IDFromEnv() (string, error) {
	cipher, secretErr := cipherFromEnv()
	address, addressErr := addressFromEnv()
	if err := errors.Join(secretErr, addressErr); err != nil {
		return "", err
	}
	return cipher.Encode(address), nil
}

func cipherFromEnv() (Cipher, error) {
	secret, path, source := os.Getenv(envSecret), os.Getenv(envSecretFile), envSecret
	switch {
	case secret != "" && path != "":
		return Cipher{}, envError("%s and %s are both set; unset one of them", envSecret, envSecretFile)
	case path != "":
		text, err := os.ReadFile(path)
		if err != nil {
			// The path stays out of the error: it may be a key that was put
			// into the wrong variable.
			if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
				err = wrapped.Err
			}
			return Cipher{}, envError("%s: the file cannot be read: %w; set it to the path of a file that holds the secret", envSecretFile, err)
		}
		secret, source = string(text), envSecretFile
	case secret == "":
		return Cipher{}, envError("%s and %s are not set; set one of them, to the secret that Caddy has or to the path of a file that holds it",
			envSecret, envSecretFile)
	}
	cipher, err := NewCipher(secret)
	if wrong := (*secretError)(nil); errors.As(err, &wrong) {
		return Cipher{}, envError("%s: %s", source, wrong.text())
	}
	return cipher, err
}

func addressFromEnv() (netip.Addr, error) {
	const want = "set it to the IP address at which Caddy reaches this process, such as 10.0.0.7; in Kubernetes from the field status.podIP"
	text := os.Getenv(envPodIP)
	if text == "" {
		return netip.Addr{}, envError("%s is not set; %s", envPodIP, want)
	}
	address, err := netip.ParseAddr(text)
	if err == nil && !address.IsUnspecified() && !address.IsMulticast() && address.Zone() == "" {
		return address, nil
	}
	shown := ""
	if len(text) <= maxShown {
		shown = fmt.Sprintf(" %q", text)
	}
	return netip.Addr{}, envError("%s%s is not the IP address of one pod; %s", envPodIP, shown, want)
}

func envError(format string, values ...any) error {
	return fmt.Errorf("doorscaddy: "+format, values...)
}
