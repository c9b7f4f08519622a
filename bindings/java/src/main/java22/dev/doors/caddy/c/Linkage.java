package dev.doors.caddy.c;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.doors.caddy.c.Abi.Function;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Calls the library through java.lang.foreign. Before Java 22, the class of the same name in src/main/java is used. */
@SuppressWarnings("restricted")
final class Linkage {
    private final MethodHandle[] functions;

    /** Loads a library, and finds all functions in it. */
    Linkage(String library) {
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
        functions = Arrays.stream(Function.values()).map(function -> linked(function, symbols)).toArray(MethodHandle[]::new);
    }

    /** A handle that takes all arguments in one array. */
    private static MethodHandle linked(Function function, SymbolLookup symbols) {
        String signature = function.signature();
        MemoryLayout[] parameters =
                signature.substring(1).chars().mapToObj(letter -> layout((char) letter)).toArray(MemoryLayout[]::new);
        char result = signature.charAt(0);
        FunctionDescriptor descriptor = result == 'v'
                ? FunctionDescriptor.ofVoid(parameters)
                : FunctionDescriptor.of(layout(result), parameters);
        MemorySegment symbol = symbols.find(function.symbol())
                .orElseThrow(() -> new UnsatisfiedLinkError("libdoors_caddy has no " + function.symbol()));
        return Linker.nativeLinker()
                .downcallHandle(symbol, descriptor)
                .asSpreader(Object[].class, parameters.length)
                .asType(MethodType.methodType(Object.class, Object[].class));
    }

    private static MemoryLayout layout(char letter) {
        return switch (letter) {
            case 'i' -> JAVA_INT;
            case 'l' -> JAVA_LONG;
            default -> ADDRESS;
        };
    }

    /** The arguments are known to fit. */
    long call(Function function, Object[] arguments) {
        String signature = function.signature();
        Object[] given = new Object[arguments.length];
        for (int at = 0; at < given.length; at++) {
            given[at] = signature.charAt(at + 1) == 'p' ? segment(arguments[at]) : arguments[at];
        }
        Object result;
        try {
            result = functions[function.ordinal()].invokeExact(given);
        } catch (RuntimeException | Error error) {
            throw error;
        } catch (Throwable error) {
            throw new IllegalStateException(error);
        }
        if (result instanceof Integer number) return number;
        return result instanceof MemorySegment address ? address.address() : 0;
    }

    private static MemorySegment segment(Object pointer) {
        if (pointer instanceof ByteBuffer buffer) return MemorySegment.ofBuffer(buffer);
        return pointer instanceof Long address ? MemorySegment.ofAddress(address) : MemorySegment.NULL;
    }

    /** A method and not a constant, because javac would copy a constant into other classes. */
    static String kind() {
        return "FFM";
    }

    String text(long address) {
        return MemorySegment.ofAddress(address).reinterpret(Long.MAX_VALUE).getString(0);
    }
}
