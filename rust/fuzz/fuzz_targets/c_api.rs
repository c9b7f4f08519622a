#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    doors_caddy_fuzz::c_api::run(input);
});
