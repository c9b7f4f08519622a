package dev.doors.caddy;

import dev.doors.caddy.c.Abi;
import dev.doors.caddy.c.Abi.Function;
import dev.doors.caddy.c.Frame;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;

/** Creates and decrypts tokens. */
public final class Cipher extends Handle {
    /**
     * Creates a cipher.
     *
     * @param secret one to eight AES keys in base64, separated by white space; the first encrypts, all decrypt
     * @throws DoorsException for an invalid secret
     */
    public Cipher(String secret) {
        super(Function.DOORS_CIPHER_FREE, fromText(Function.DOORS_CIPHER_NEW, Values.bytes(secret)));
    }

    /**
     * The content of a token.
     *
     * @param address the address, IPv4 for an IPv4-mapped one
     * @param key the zero-based index of the key that decrypted it
     */
    public record Opened(InetAddress address, int key) {}

    /**
     * Creates a token. Create one for each process and address, not one for each request.
     *
     * @param address the address of the pod
     * @return the token, a different one for each call
     */
    public String encode(InetAddress address) {
        try (Frame frame = new Frame()) {
            ByteBuffer token = frame.take(Numbers.TOKEN_SIZE);
            checked(Function.DOORS_CIPHER_ENCODE, Values.address(frame, address), token, (long) Numbers.TOKEN_SIZE,
                    frame.take(Long.BYTES));
            return Values.text(token, 0);
        }
    }

    /**
     * Decrypts a token.
     *
     * @param token the token
     * @return the content of the token
     * @throws DoorsException with TOKEN_FORMAT or TOKEN_REFUSED for any other text
     */
    public Opened decode(String token) {
        return decode(Values.bytes(token));
    }

    /**
     * Decrypts a token, which may be any bytes.
     *
     * @param token the token
     * @return the content of the token
     * @throws DoorsException with TOKEN_FORMAT or TOKEN_REFUSED for any other bytes
     */
    public Opened decode(byte[] token) {
        try (Frame frame = new Frame()) {
            ByteBuffer address = frame.take(Abi.ADDR_SIZE), key = frame.take(Integer.BYTES);
            checked(Function.DOORS_CIPHER_DECODE, frame.bytes(token), (long) token.length, address, key);
            return new Opened(Values.address(address, 0).orElseThrow(), key.getInt(0));
        }
    }

    /** {@return the IDs of the keys, in the order of the secret; they are not secret: log them to compare proxies and apps} */
    public List<String> keyIds() {
        return Values.keyIds(this, Function.DOORS_CIPHER_KEYS, Function.DOORS_CIPHER_KEY_ID);
    }
}
