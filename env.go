package doorscaddy

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
)

// The environment variables read by [IDFromEnv].
const (
	envSecret     = "DOORS_SECRET"
	envSecretFile = "DOORS_SECRET_FILE"
	envPodIP      = "POD_IP"
)

// maxShown is the longest value that errors show. All keys are longer, so a key
// in the wrong variable is not shown.
const maxShown = 20

// IDFromEnv returns the ID of this server, for doors.WithID: the token of its
// address. Call it once per process. It reads these variables:
//
//   - DOORS_SECRET is the secret for [NewCipher], or
//     DOORS_SECRET_FILE is the path of a file that contains it.
//   - POD_IP is the IP address at which Caddy reaches this process, without a
//     port. In Kubernetes it comes from the field status.podIP.
//
// The error names every variable that is missing or invalid and says what to
// set. It never contains a secret.
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
			// Do not show the path: it may be a key in the wrong variable.
			if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
				err = wrapped.Err
			}
			return Cipher{}, envError("%s: cannot read the file: %w; set it to the path of a file that contains the secret", envSecretFile, err)
		}
		secret, source = string(text), envSecretFile
	case secret == "":
		return Cipher{}, envError("%s and %s are not set; set %[1]s to the secret that Caddy has, or %[2]s to the path of a file that contains it",
			envSecret, envSecretFile)
	}
	cipher, err := NewCipher(secret)
	if wrong := (*secretError)(nil); errors.As(err, &wrong) {
		return Cipher{}, envError("%s: %s", source, wrong.text())
	}
	return cipher, err
}

func addressFromEnv() (netip.Addr, error) {
	const want = "set it to the IP address at which Caddy reaches this process, such as 10.0.0.7 (in Kubernetes: the field status.podIP)"
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
	return netip.Addr{}, envError("%s%s is not the IP address of a pod; %s", envPodIP, shown, want)
}

func envError(format string, values ...any) error {
	return fmt.Errorf("doorscaddy: "+format, values...)
}
