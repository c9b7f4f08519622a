package dev.doors.caddy.c;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import dev.doors.caddy.c.Abi.Function;
import java.util.Arrays;

/** Calls the library through JNA. From Java 22 on, the class of the same name in src/main/java22 replaces it. */
final class Linkage {
    private final com.sun.jna.Function[] functions;

    /** Loads a library, and finds all functions in it. */
    Linkage(String library) {
        NativeLibrary loaded = NativeLibrary.getInstance(library);
        functions = Arrays.stream(Function.values())
                .map(function -> loaded.getFunction(function.symbol()))
                .toArray(com.sun.jna.Function[]::new);
    }

    /** The arguments are known to fit. */
    long call(Function function, Object[] arguments) {
        com.sun.jna.Function target = functions[function.ordinal()];
        return switch (function.signature().charAt(0)) {
            case 'i' -> target.invokeInt(arguments);
            case 'p' -> Pointer.nativeValue(target.invokePointer(arguments));
            default -> {
                target.invokeVoid(arguments);
                yield 0;
            }
        };
    }

    /** A method and not a constant, because javac would copy a constant into other classes. */
    static String kind() {
        return "JNA";
    }

    String text(long address) {
        return new Pointer(address).getString(0, "UTF-8");
    }
}
