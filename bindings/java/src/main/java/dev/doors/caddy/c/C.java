package dev.doors.caddy.c;

import dev.doors.caddy.Numbers;
import dev.doors.caddy.c.Abi.Function;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Calls the functions of the library in the jar, or of the one named by the environment variable DOORS_CADDY_LIBRARY. Any
 * number of threads may call them at the same time.
 */
public final class C {
    private static final String NATIVE = "/dev/doors/caddy/native/";
    private static final Linkage LIBRARY = load();

    static {
        checkAbi((int) call(Function.DOORS_ABI));
    }

    private C() {}

    /**
     * Calls a function. An argument of 32 bits is an {@link Integer}, one of 64 bits a {@link Long}; a pointer is a direct
     * {@link ByteBuffer} at position 0, a {@link Long} or null.
     *
     * @param function what to call
     * @param arguments its arguments
     * @return its result: a number with its sign, an address, or 0 for none
     * @throws IllegalArgumentException if the arguments do not match the function's parameters
     */
    public static long call(Function function, Object... arguments) {
        String signature = function.signature();
        boolean fits = arguments.length == signature.length() - 1;
        for (int at = 0; fits && at < arguments.length; at++) {
            Object argument = arguments[at];
            fits = switch (signature.charAt(at + 1)) {
                case 'i' -> argument instanceof Integer;
                case 'l' -> argument instanceof Long;
                default -> argument == null
                        || argument instanceof Long
                        || argument instanceof ByteBuffer buffer && buffer.isDirect() && buffer.position() == 0;
            };
        }
        if (!fits) throw new IllegalArgumentException("arguments of " + function.symbol() + " are not " + signature);
        return LIBRARY.call(function, arguments);
    }

    /**
     * Calls a function that returns a text.
     *
     * @param function what to call
     * @param arguments its arguments
     * @return the text
     */
    public static String text(Function function, Object... arguments) {
        return LIBRARY.text(call(function, arguments));
    }

    /** {@return how the library is called: FFM (java.lang.foreign) or JNA} */
    public static String linkage() {
        return Linkage.kind();
    }

    /**
     * Throws if the interface of the loaded library differs from that of these classes.
     *
     * @param loaded what doors_abi() returned
     * @throws IllegalStateException if the number differs from {@link Numbers#ABI}
     */
    public static void checkAbi(int loaded) {
        if (loaded != Numbers.ABI) {
            throw new IllegalStateException("libdoors_caddy " + text(Function.DOORS_VERSION) + " has interface " + loaded
                    + ", but these classes need interface " + Numbers.ABI);
        }
    }

    /** The platform of the library in the jar. */
    private static String builtFor() throws IOException {
        try (InputStream resource = C.class.getResourceAsStream(NATIVE + "platform")) {
            return resource == null ? "no platform" : new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Linkage load() {
        String named = System.getenv("DOORS_CADDY_LIBRARY");
        if (named != null) return new Linkage(named);
        String platform = System.getProperty("os.name") + "-" + System.getProperty("os.arch");
        try (InputStream resource = C.class.getResourceAsStream(NATIVE + platform + "/libdoors_caddy.so")) {
            if (resource == null) {
                throw new UnsatisfiedLinkError("the doors-caddy jar contains a library for " + builtFor() + ", not for " + platform
                        + ": build one and set DOORS_CADDY_LIBRARY to its path");
            }
            // The loader keeps the library mapped, so the file can be deleted.
            Path file = Files.createTempFile("libdoors_caddy", ".so");
            try {
                Files.copy(resource, file, StandardCopyOption.REPLACE_EXISTING);
                return new Linkage(file.toString());
            } finally {
                Files.delete(file);
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot copy libdoors_caddy.so to the folder in java.io.tmpdir", error);
        }
    }
}
