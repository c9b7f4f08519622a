#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    doors_caddy_fuzz::pods::run(input);
});
